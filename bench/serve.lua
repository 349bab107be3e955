-- SPDX-License-Identifier: MIT
-- For wrk: POSTs the page that PAGE names to planche serve, with If-None-Match if TAG is set.
local file = assert(io.open(os.getenv("PAGE"), "rb"))
wrk.body = file:read("*a")
file:close()
wrk.method = "POST"
wrk.headers["Content-Type"] = "image/jpeg"
wrk.headers["If-None-Match"] = os.getenv("TAG")
