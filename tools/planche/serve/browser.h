/* SPDX-License-Identifier: MIT */
/* Browser: the user's own, with the main page (--open). */
#ifndef PLANCHE_SERVE_BROWSER_H
#define PLANCHE_SERVE_BROWSER_H

#include "serve/server.h"

/* Starts it, if that is wanted. What cannot be is in the log: the server goes on. */
void planche_serve_open_browser(struct planche_serve *serve);
/* Forgets it: it goes on when the server ends. */
void planche_serve_forget_browser(struct planche_serve *serve);

#endif
