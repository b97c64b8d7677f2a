//! Seeds: every family of every system, a few seeds each, or those that madsim's variables name: `MADSIM_TEST_SEED`,
//! `MADSIM_TEST_NUM`, `MADSIM_TEST_JOBS`.

#[test]
fn seeds() {
    harness::testing::seeds_of(&crate::systems());
}
