//! Recordings by hand, and the probes that they hit.
