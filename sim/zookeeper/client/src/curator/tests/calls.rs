//! Calls, connection states, creates, deletes in the background.

use zookeeper_words::fact::{Belief, ClientFact, RecipeFact, RequestId, Retry};
use zookeeper_words::ids::{SessionId, Xid};
use zookeeper_words::service::{CreateMode, Op};

use crate::curator::bench::{Bench, Recipe, config};
use crate::curator::create::{self, Creation, Parents, Spec};
use crate::curator::{Config, Notice, RecipeContext, RetryPolicy, Uuid};

/// An application that merely listens, with a create of its own.
#[derive(Default)]
struct Listener {
    creation: Option<Creation>,
}

impl Recipe for Listener {
    fn on(&mut self, notice: &Notice, context: &mut RecipeContext) -> Vec<String> {
        if let Some(creation) = &mut self.creation
            && let Some(outcome) = creation.on(notice, context)
        {
            return vec![match outcome {
                create::Outcome::Created { path, found, .. } => format!("{} {path}", if found { "found" } else { "created" }),
                create::Outcome::Failed { error, .. } => format!("failed: {error:?}"),
            }];
        }
        match notice {
            Notice::Done { answer, .. } if self.creation.is_none() => match &answer.result {
                Ok(_) => vec![format!("done after {} unknown", answer.tries.unknown)],
                Err(error) => vec![format!("{error:?} after {} unknown", answer.tries.unknown)],
            },
            Notice::Closed => vec!["closed".into()],
            Notice::Done { .. } | Notice::Connection(_) | Notice::Watched(_) => Vec::new(),
        }
    }
}

fn bench() -> Bench<Listener> {
    Bench::new(config(), Listener::default())
}

fn create(path: &str) -> Op {
    Op::create(path.into(), None, CreateMode::Persistent)
}

#[test]
fn a_lost_request_is_sent_again_and_the_retry_is_told() {
    let mut bench = bench();
    bench.loses = Some(("create", true));
    bench.act(|_, context| context.call(create("/a")));
    bench.pass(1_000);
    assert_eq!(bench.said(), "create /a; lost; SUSPENDED; RECONNECTED; create /a; Error(NodeExists) after 1 unknown");
    let (first, again) = (RequestId { session: SessionId(1), xid: Xid(1) }, RequestId { session: SessionId(1), xid: Xid(2) });
    assert!(bench.facts.contains(&ClientFact::Retried(Retry { first, again })));
}

#[test]
fn the_same_request_is_replayed_in_a_new_session() {
    let mut bench = bench();
    (bench.loses, bench.reachable) = (Some(("create", false)), false);
    bench.act(|_, context| context.call(create("/a")));
    bench.pass(6_500);
    assert_eq!(bench.said(), "create /a; lost; SUSPENDED; LOST");
    bench.reachable = true;
    bench.pass(2_000);
    assert_eq!(bench.said(), "RECONNECTED; create /a; done after 1 unknown");
    let (first, again) = (RequestId { session: SessionId(1), xid: Xid(1) }, RequestId { session: SessionId(2), xid: Xid(1) });
    assert!(bench.facts.contains(&ClientFact::Retried(Retry { first, again })));
}

#[test]
fn a_call_without_a_connection_fails_after_all_its_tries() {
    let mut bench = bench();
    bench.reachable = false;
    bench.cut();
    bench.act(|_, context| context.call(create("/a")));
    // Four tries of 15 s, and three sleeps of half a second between them.
    bench.pass(61_400);
    assert_eq!(bench.said(), "SUSPENDED; LOST");
    bench.pass(100);
    assert_eq!(bench.said(), "ConnectionLoss after 0 unknown");
}

#[test]
fn the_service_may_say_first_that_a_session_is_over() {
    let mut bench = bench();
    bench.expire();
    bench.pass(1_000);
    assert_eq!(bench.said(), "SUSPENDED; LOST; RECONNECTED");
    assert_eq!(bench.curator.session(), SessionId(2));
}

#[test]
fn a_closed_curator_ends_its_calls_and_says_so_last() {
    let mut bench = bench();
    bench.act(|_, context| context.curator.close(context.now, context.out));
    assert_eq!(bench.said(), "closeSession; SUSPENDED; closed");
    assert_eq!(bench.curator.wake_ns(), None);
    let mut bench = self::bench();
    bench.reachable = false;
    bench.cut();
    bench.act(|_, context| context.call(create("/a")));
    bench.act(|_, context| context.curator.close(context.now, context.out));
    bench.reachable = true;
    bench.pass(1_000);
    assert_eq!(bench.said(), "SUSPENDED; Closed after 0 unknown; RECONNECTED; closeSession; SUSPENDED; closed");
}

#[test]
fn who_a_client_is_it_says_in_every_session() {
    let mut bench = Bench::new(Config { auths: vec![("digest".into(), "me:secret".into())], ..config() }, Listener::default());
    bench.expire();
    bench.pass(1_000);
    assert_eq!(bench.said(), "SUSPENDED; LOST; RECONNECTED; auth");
}

#[test]
fn who_is_not_believed_gets_nothing_until_the_session_is_given_up() {
    let mut bench = Bench::new(Config { auths: vec![("digest".into(), "wrong".into())], ..config() }, Listener::default());
    bench.act(|_, context| context.call(create("/a")));
    bench.pass(5_900);
    assert_eq!(bench.said(), "AuthFailed after 0 unknown");
    bench.pass(200);
    assert_eq!(bench.said(), "LOST; RECONNECTED; auth; SUSPENDED");
}

#[test]
fn a_protected_create_finds_its_node_again() {
    let mut bench = bench();
    bench.loses = Some(("create2", true));
    start(&mut bench, CreateMode::EphemeralSequential, Some(Uuid(0x4000 << 64)), Parents::Containers);
    bench.pass(2_000);
    assert_eq!(
        bench.said(),
        "create2 /a/b/_c_u0-n-; exists /a/b/_c_u0-n-; exists /a/b; exists /a; createContainer /a; createContainer /a/b; create2 /a/b/_c_u0-n-; \
         created /a/b/_c_u0-n-0000000000"
            .replace(
                "create2 /a/b/_c_u0-n-; exists /a/b/_c",
                "create2 /a/b/_c_u0-n-; lost; SUSPENDED; RECONNECTED; getChildren /a/b; create2 /a/b/_c_u0-n-; exists /a/b/_c"
            )
    );
    // Now with its parents there: the node is made, the reply is lost, and the node is found.
    bench.loses = Some(("create2", true));
    start(&mut bench, CreateMode::EphemeralSequential, Some(Uuid(0x4001 << 64)), Parents::Containers);
    bench.pass(2_000);
    assert_eq!(bench.said(), "create2 /a/b/_c_u1-n-; lost; SUSPENDED; RECONNECTED; getChildren /a/b; found /a/b/_c_u1-n-0000000001");
    assert_eq!(searches(&bench), 2, "each search says which request answered it");
    assert_eq!(bench.server.paths("n-").len(), 2);
}

#[test]
fn an_ephemeral_of_an_earlier_session_is_not_its_own() {
    let mut bench = bench();
    bench.other(create("/a")).unwrap();
    bench.other(create("/a/b")).unwrap();
    (bench.loses, bench.reachable) = (Some(("create2", true)), false);
    start(&mut bench, CreateMode::EphemeralSequential, Some(Uuid(0x4000 << 64)), Parents::Expected);
    bench.pass(6_500);
    // The client has given the session up; the service has not yet.
    bench.reachable = true;
    bench.pass(5_000);
    assert_eq!(
        bench.said(),
        "create2 /a/b/_c_u0-n-; lost; SUSPENDED; LOST; RECONNECTED; getChildren /a/b; delete /a/b/_c_u0-n-0000000000; create2 /a/b/_c_u0-n-; \
         created /a/b/_c_u0-n-0000000001"
    );
}

#[test]
fn what_a_create_may_have_left_is_searched_for_and_deleted() {
    let mut bench = Bench::new(Config { retry: RetryPolicy::ONCE, ..config() }, Listener::default());
    bench.other(create("/a")).unwrap();
    bench.other(create("/a/b")).unwrap();
    bench.loses = Some(("create2", true));
    start(&mut bench, CreateMode::PersistentSequential, Some(Uuid(0x4000 << 64)), Parents::Expected);
    bench.pass(2_000);
    assert_eq!(bench.said(), "create2 /a/b/_c_u0-n-; lost; SUSPENDED; failed: ConnectionLoss; RECONNECTED; getChildren2 /a/b; delete /a/b/_c_u0-n-0000000000");
    assert_eq!(searches(&bench), 1);
    assert!(bench.server.paths("n-").is_empty());
}

#[test]
fn a_guaranteed_delete_outlasts_its_retries() {
    let mut bench = Bench::new(Config { retry: RetryPolicy::ONCE, ..config() }, Listener::default());
    bench.other(create("/a")).unwrap();
    bench.loses = Some(("delete", false));
    bench.act(|_, context| context.delete_guaranteed("/a".into()));
    for _ in 0..3 {
        bench.loses = Some(("delete", false));
        bench.pass(100);
        assert!(bench.said().ends_with("RECONNECTED; delete /a; lost; SUSPENDED"));
    }
    assert_eq!(bench.server.paths("/a").len(), 1);
    bench.loses = None;
    bench.pass(1_000);
    assert!(bench.server.paths("/a").is_empty() && bench.curator.is_idle());
}

#[test]
fn without_protection_a_lost_reply_looks_like_somebody_elses_node() {
    let mut bench = bench();
    bench.other(create("/a")).unwrap();
    bench.other(create("/a/b")).unwrap();
    bench.loses = Some(("create2", true));
    start(&mut bench, CreateMode::Persistent, None, Parents::Persistent);
    bench.pass(3_000);
    assert!(bench.said().ends_with("RECONNECTED; create2 /a/b/n-; failed: Error(NodeExists)"));
    assert_eq!(bench.beliefs(), [] as [Belief; 0], "what to make of it is the recipe's business");
}

fn searches(bench: &Bench<Listener>) -> usize {
    bench.facts.iter().filter(|fact| matches!(fact, ClientFact::Recipe(RecipeFact::Searched { .. }))).count()
}

fn start(bench: &mut Bench<Listener>, mode: CreateMode, protection: Option<Uuid>, parents: Parents) {
    let spec = Spec { path: "/a/b/n-".into(), data: None, mode, protection, parents };
    bench.act(|listener, context| listener.creation = Some(Creation::start(spec, context)));
}
