//! The fan-out daemon: WebSocket, server-sent events, long poll.
