// Starts every part of the page, then connects.

import * as chart from "./chart.js";
import * as composer from "./composer.js";
import { notice } from "./dom.js";
import * as firstrun from "./firstrun.js";
import * as forms from "./forms.js";
import * as messages from "./messages.js";
import * as panels from "./panels.js";
import * as sales from "./sales.js";
import * as server from "./server.js";
import * as side from "./side.js";
import { connect, on } from "./store.js";
import * as tour from "./tour.js";
import * as tradingview from "./tradingview.js";
import * as views from "./views.js";
import { keepRight } from "./when.js";

for (const part of [views, side, messages, composer, forms, tradingview, tour, panels, firstrun, sales, server, chart]) part.start();
on("line-up", (up) => document.body.classList.toggle("cut", up === false));
on("line-up", (up) => up === false && notice("The sandbox does not answer. If it was ended, start it again.", true));
setInterval(keepRight, 30000);
connect();
