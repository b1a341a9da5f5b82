//! Why a daemon could not be set up. Each message says what to change.

/// Failures of the set-up; all of them happen before the daemon serves anybody.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody else listens on the address.
    #[error(
        "{address} is in use by another program (or a second Perihelion): stop it, or set {key} to another port"
    )]
    AddressInUse {
        /// The address that was asked for.
        address: String,
        /// The setting that names it, such as `[site] listen`.
        key: String,
    },
    /// The port is below 1024 and the process has no right to it.
    #[error(
        "{address} needs privileges that this process lacks: set {key} to a port from 1024 up, or let a proxy listen there"
    )]
    AddressPrivileged {
        /// The address that was asked for.
        address: String,
        /// The setting that names it.
        key: String,
    },
    /// No interface of this machine has the address, or it cannot be parsed or resolved.
    #[error("cannot listen on {address} (set by {key}): {source}")]
    AddressUnusable {
        /// The address that was asked for.
        address: String,
        /// The setting that names it.
        key: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A worker was not given the listener that it shares with the others.
    #[error(
        "standard input is {is}, not a listening TCP socket: workers are started by `perihelion halley` itself; set [halley] workers"
    )]
    NotAListener {
        /// What it is.
        is: String,
    },
    /// A worker was started by somebody who does not know how.
    #[error("workers are started by `perihelion halley` itself; set [halley] workers ({source})")]
    NotAWorker {
        /// What was found instead of the line to who started it.
        source: std::io::Error,
    },
    /// The log filter is not one that `tracing` understands.
    #[error("log filter {filter:?} is not valid: {reason}; try \"info\" or \"info,halley=debug\"")]
    Filter {
        /// The filter as it was given.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The process refused a signal handler or a resource limit.
    #[error("the system refused {what}: {source}")]
    System {
        /// What was asked of the system.
        what: &'static str,
        /// What it answered.
        source: std::io::Error,
    },
    /// A trusted proxy or venue range is not a CIDR.
    #[error("{text:?} is not an address range; write one such as 10.0.0.0/8 or 2001:db8::/32")]
    Range {
        /// The text as it was given.
        text: String,
    },
}
