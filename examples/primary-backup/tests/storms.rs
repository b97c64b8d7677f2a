//! The counter in storms.

use primary_backup::Counter;
use stormglass::testing;

#[test]
fn seeds() {
    testing::seeds::<Counter>();
}

#[test]
fn cases() {
    testing::cases::<Counter>("cases");
}

#[test]
fn plants() {
    testing::plants::<Counter>();
}
