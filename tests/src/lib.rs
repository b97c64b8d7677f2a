//! What we insist on: the tests that need more than one part of the house. Their texts are in `tests/`; nothing is built here, and nothing else may stand on it.
