// SPDX-License-Identifier: MIT
//! The front on axum, by the cases of the one on hyper.
use planche_backend_axum as front;

#[path = "../../backend/tests/cases/mod.rs"]
mod cases;
