//! The coordination service under the harness: whole runs, plans of an older format.

mod older_plans;
mod runs;
