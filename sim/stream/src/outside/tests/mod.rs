//! Laws of the outside: tables over each core, and storms over a small stage.
