//! What every daemon stands on: telemetry, metrics, shutdown, HTTP serving, back-off.
//!
//! Nothing here knows what an event, an item or a talk is. A daemon opens its door like this:
//!
//! ```no_run
//! # async fn start() -> Result<(), chassis::Error> {
//! use chassis::{http, ops, Readiness, Shutdown};
//!
//! chassis::tls::install();
//! chassis::telemetry::init(chassis::telemetry::Format::Text, "info", None)?;
//! chassis::metrics::install(None);
//! let shutdown = Shutdown::on_signals()?;
//! let listener = http::bind("127.0.0.1:8084", "[strainer] listen").await?;
//! let routes = ops::router("strainer", Readiness::default());
//! http::serve(listener, routes, http::Limits::default(), shutdown.clone()).await;
//! shutdown.finish().await;
//! # Ok(())
//! # }
//! ```

pub mod backoff;
pub mod client_addr;
pub mod clock;
mod error;
pub mod http;
pub mod metrics;
pub mod notify;
pub mod ops;
pub mod process;
mod readiness;
mod secret;
pub mod shutdown;
pub mod spread;
pub mod status;
pub mod telemetry;
pub mod tls;
pub mod workers;

pub use backoff::Backoff;
pub use error::Error;
pub use readiness::{Part, Readiness};
pub use secret::Secret;
pub use shutdown::{Ending, Shutdown};
