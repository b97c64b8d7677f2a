//! Calls, connection states, creates, deletes in the background.

use vocab::fact::{Belief, ClientFact, RecipeFact, RequestId, Retry};
use vocab::ids::{SessionId, Xid};
use vocab::service::{CreateMode, Op};

use crate::curator::create::{self, Creation, Parents, Spec};
use crate::curator::stage::{Cast, Stage, config};
use crate::curator::{Config, RetryPolicy, Told, Turn, Uuid};

/// An application that merely listens, with a create of its own.
#[derive(Default)]
struct Listener {
    creation: Option<Creation>,
}

impl Cast for Listener {
    fn on(&mut self, told: &Told, turn: &mut Turn) -> Vec<String> {
        if let Some(creation) = &mut self.creation
            && let Some(outcome) = creation.on(told, turn)
        {
            return vec![match outcome {
                create::Outcome::Created { path, found, .. } => format!("{} {path}", if found { "found" } else { "created" }),
                create::Outcome::Failed { failure, .. } => format!("failed: {failure:?}"),
            }];
        }
        match told {
            Told::Done { answer, .. } if self.creation.is_none() => match &answer.result {
                Ok(_) => vec![format!("done after {} unknown", answer.tries.unknown)],
                Err(failure) => vec![format!("{failure:?} after {} unknown", answer.tries.unknown)],
            },
            Told::Closed => vec!["closed".into()],
            Told::Done { .. } | Told::Connection(_) | Told::Watched(_) => Vec::new(),
        }
    }
}

fn stage() -> Stage<Listener> {
    Stage::new(config(), Listener::default())
}

fn create(path: &str) -> Op {
    Op::create(path.into(), None, CreateMode::Persistent)
}

#[test]
fn a_lost_request_is_sent_again_and_the_retry_is_told() {
    let mut stage = stage();
    stage.loses = Some(("create", true));
    stage.act(|_, turn| turn.call(create("/a")));
    stage.pass(1_000);
    assert_eq!(stage.said(), "create /a; lost; SUSPENDED; RECONNECTED; create /a; Error(NodeExists) after 1 unknown");
    let (first, again) = (RequestId { session: SessionId(1), xid: Xid(1) }, RequestId { session: SessionId(1), xid: Xid(2) });
    assert!(stage.facts.contains(&ClientFact::Retried(Retry { first, again })));
}

#[test]
fn the_same_request_is_replayed_in_a_new_session() {
    let mut stage = stage();
    (stage.loses, stage.reachable) = (Some(("create", false)), false);
    stage.act(|_, turn| turn.call(create("/a")));
    stage.pass(6_500);
    assert_eq!(stage.said(), "create /a; lost; SUSPENDED; LOST");
    stage.reachable = true;
    stage.pass(2_000);
    assert_eq!(stage.said(), "RECONNECTED; create /a; done after 1 unknown");
    let (first, again) = (RequestId { session: SessionId(1), xid: Xid(1) }, RequestId { session: SessionId(2), xid: Xid(1) });
    assert!(stage.facts.contains(&ClientFact::Retried(Retry { first, again })));
}

#[test]
fn a_call_without_a_connection_fails_after_all_its_tries() {
    let mut stage = stage();
    stage.reachable = false;
    stage.cut();
    stage.act(|_, turn| turn.call(create("/a")));
    // Four tries of 15 s, and three sleeps of half a second between them.
    stage.pass(61_400);
    assert_eq!(stage.said(), "SUSPENDED; LOST");
    stage.pass(100);
    assert_eq!(stage.said(), "ConnectionLoss after 0 unknown");
}

#[test]
fn the_service_may_say_first_that_a_session_is_over() {
    let mut stage = stage();
    stage.expire();
    stage.pass(1_000);
    assert_eq!(stage.said(), "SUSPENDED; LOST; RECONNECTED");
    assert_eq!(stage.curator.session(), SessionId(2));
}

#[test]
fn a_closed_curator_ends_its_calls_and_says_so_last() {
    let mut stage = stage();
    stage.act(|_, turn| turn.curator.close(turn.now, turn.out));
    assert_eq!(stage.said(), "closeSession; SUSPENDED; closed");
    assert_eq!(stage.curator.wake_ns(), None);
    let mut stage = self::stage();
    stage.reachable = false;
    stage.cut();
    stage.act(|_, turn| turn.call(create("/a")));
    stage.act(|_, turn| turn.curator.close(turn.now, turn.out));
    stage.reachable = true;
    stage.pass(1_000);
    assert_eq!(stage.said(), "SUSPENDED; Closed after 0 unknown; RECONNECTED; closeSession; SUSPENDED; closed");
}

#[test]
fn who_a_client_is_it_says_in_every_session() {
    let mut stage = Stage::new(Config { auths: vec![("digest".into(), "me:secret".into())], ..config() }, Listener::default());
    stage.expire();
    stage.pass(1_000);
    assert_eq!(stage.said(), "SUSPENDED; LOST; RECONNECTED; auth");
}

#[test]
fn who_is_not_believed_gets_nothing_until_the_session_is_given_up() {
    let mut stage = Stage::new(Config { auths: vec![("digest".into(), "wrong".into())], ..config() }, Listener::default());
    stage.act(|_, turn| turn.call(create("/a")));
    stage.pass(5_900);
    assert_eq!(stage.said(), "AuthFailed after 0 unknown");
    stage.pass(200);
    assert_eq!(stage.said(), "LOST; RECONNECTED; auth; SUSPENDED");
}

#[test]
fn a_protected_create_finds_its_node_again() {
    let mut stage = stage();
    stage.loses = Some(("create2", true));
    start(&mut stage, CreateMode::EphemeralSequential, Some(Uuid(0x4000 << 64)), Parents::Containers);
    stage.pass(2_000);
    assert_eq!(
        stage.said(),
        "create2 /a/b/_c_u0-n-; exists /a/b/_c_u0-n-; exists /a/b; exists /a; createContainer /a; createContainer /a/b; create2 /a/b/_c_u0-n-; \
         created /a/b/_c_u0-n-0000000000"
            .replace(
                "create2 /a/b/_c_u0-n-; exists /a/b/_c",
                "create2 /a/b/_c_u0-n-; lost; SUSPENDED; RECONNECTED; getChildren /a/b; create2 /a/b/_c_u0-n-; exists /a/b/_c"
            )
    );
    // Now with its parents there: the node is made, the reply is lost, and the node is found.
    stage.loses = Some(("create2", true));
    start(&mut stage, CreateMode::EphemeralSequential, Some(Uuid(0x4001 << 64)), Parents::Containers);
    stage.pass(2_000);
    assert_eq!(stage.said(), "create2 /a/b/_c_u1-n-; lost; SUSPENDED; RECONNECTED; getChildren /a/b; found /a/b/_c_u1-n-0000000001");
    assert_eq!(searches(&stage), 2, "each search says which request answered it");
    assert_eq!(stage.server.paths("n-").len(), 2);
}

#[test]
fn an_ephemeral_of_an_earlier_session_is_not_its_own() {
    let mut stage = stage();
    stage.other(create("/a")).unwrap();
    stage.other(create("/a/b")).unwrap();
    (stage.loses, stage.reachable) = (Some(("create2", true)), false);
    start(&mut stage, CreateMode::EphemeralSequential, Some(Uuid(0x4000 << 64)), Parents::Expected);
    stage.pass(6_500);
    // The client has given the session up; the service has not yet.
    stage.reachable = true;
    stage.pass(5_000);
    assert_eq!(
        stage.said(),
        "create2 /a/b/_c_u0-n-; lost; SUSPENDED; LOST; RECONNECTED; getChildren /a/b; delete /a/b/_c_u0-n-0000000000; create2 /a/b/_c_u0-n-; \
         created /a/b/_c_u0-n-0000000001"
    );
}

#[test]
fn what_a_create_may_have_left_is_searched_for_and_deleted() {
    let mut stage = Stage::new(Config { retry: RetryPolicy::ONCE, ..config() }, Listener::default());
    stage.other(create("/a")).unwrap();
    stage.other(create("/a/b")).unwrap();
    stage.loses = Some(("create2", true));
    start(&mut stage, CreateMode::PersistentSequential, Some(Uuid(0x4000 << 64)), Parents::Expected);
    stage.pass(2_000);
    assert_eq!(stage.said(), "create2 /a/b/_c_u0-n-; lost; SUSPENDED; failed: ConnectionLoss; RECONNECTED; getChildren2 /a/b; delete /a/b/_c_u0-n-0000000000");
    assert_eq!(searches(&stage), 1);
    assert!(stage.server.paths("n-").is_empty());
}

#[test]
fn a_guaranteed_delete_outlasts_its_retries() {
    let mut stage = Stage::new(Config { retry: RetryPolicy::ONCE, ..config() }, Listener::default());
    stage.other(create("/a")).unwrap();
    stage.loses = Some(("delete", false));
    stage.act(|_, turn| turn.delete_guaranteed("/a".into()));
    for _ in 0..3 {
        stage.loses = Some(("delete", false));
        stage.pass(100);
        assert!(stage.said().ends_with("RECONNECTED; delete /a; lost; SUSPENDED"));
    }
    assert_eq!(stage.server.paths("/a").len(), 1);
    stage.loses = None;
    stage.pass(1_000);
    assert!(stage.server.paths("/a").is_empty() && stage.curator.is_idle());
}

#[test]
fn without_protection_a_lost_reply_looks_like_somebody_elses_node() {
    let mut stage = stage();
    stage.other(create("/a")).unwrap();
    stage.other(create("/a/b")).unwrap();
    stage.loses = Some(("create2", true));
    start(&mut stage, CreateMode::Persistent, None, Parents::Persistent);
    stage.pass(3_000);
    assert!(stage.said().ends_with("RECONNECTED; create2 /a/b/n-; failed: Error(NodeExists)"));
    assert_eq!(stage.beliefs(), [] as [Belief; 0], "what to make of it is the recipe's business");
}

fn searches(stage: &Stage<Listener>) -> usize {
    stage.facts.iter().filter(|fact| matches!(fact, ClientFact::Recipe(RecipeFact::Searched { .. }))).count()
}

fn start(stage: &mut Stage<Listener>, mode: CreateMode, protection: Option<Uuid>, parents: Parents) {
    let spec = Spec { path: "/a/b/n-".into(), data: None, mode, protection, parents };
    stage.act(|listener, turn| listener.creation = Some(Creation::start(spec, turn)));
}
