// The box on pages without a live stream: a talk's, a post's.

import { Compose } from "./compose.js";

document.documentElement.dataset.script = "on";
new Compose(document.getElementById("compose"), null);
