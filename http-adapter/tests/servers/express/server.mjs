// express-rate-limit on a free port of loopback.
//
//   node server.mjs draft-8 50 2000
//
// permits 50 requests in windows of 2000 ms and says so in the fields of draft-6,
// draft-7 or draft-8. Prints the port once it listens; ends when its standard
// input does, so that it does not outlive the test that started it.
import express from "express";
import { rateLimit } from "express-rate-limit";

const [headers, limit, windowMs] = process.argv.slice(2);
const app = express();

app.use(
  rateLimit({
    windowMs: Number(windowMs),
    limit: Number(limit),
    standardHeaders: headers,
    legacyHeaders: false,
    // All callers are one client.
    keyGenerator: () => "all",
    handler: (request, response) => answer(request, response.status(429)),
  }),
);
app.use((request, response) => answer(request, response));

// Beside the fields under test, the window that the request was counted in, for
// the test's own reckoning.
function answer(request, response) {
  response.set("X-Counted-In", String(request.rateLimit.resetTime.getTime()));
  response.type("text").send("answer");
}

const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
