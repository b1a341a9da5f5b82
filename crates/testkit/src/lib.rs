//! Throw-away Redis, PostgreSQL and Chromium, and a fault-injecting TCP proxy, for tests only.
