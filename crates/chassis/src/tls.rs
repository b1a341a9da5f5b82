//! The one TLS provider of the process.

/// Makes ring the process-wide TLS provider. Call it before the first client is built (tests too); later calls do nothing.
pub fn install() {
    // The error only says that somebody was here before, with the same provider: ours is the only one compiled in.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}
