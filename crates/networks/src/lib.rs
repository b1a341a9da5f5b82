//! Fake social networks that speak the real wire formats, faults included.
