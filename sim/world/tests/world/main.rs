//! Tests of the world by its public interface alone.

mod puppet;
mod peers;

mod worlds;
#[cfg(madsim)]
mod hosted;
mod streams;
mod faults;
mod disks;
mod disk_laws;
mod budget;
mod endings;
