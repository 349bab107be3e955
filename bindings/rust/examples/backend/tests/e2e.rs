// SPDX-License-Identifier: MIT
//! The front on hyper.
use planche_backend::front;

mod cases;
