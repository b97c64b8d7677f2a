//! The probes, by name. A required one must be hit in a thousand seeds or more of all families; the others are rare by nature and only counted.

/// A named state that runs should reach.
#[derive(Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its name in reports.
    pub name: &'static str,
    /// What has happened when it is hit.
    pub about: &'static str,
    /// A night that never hits it has failed.
    pub required: bool,
}

/// The most probes that there can be: a run's hits are kept in as many bits.
pub const PROBES_MAX: usize = 256;

macro_rules! probes {
    ($($mark:ident $need:ident $name:literal $about:literal)+) => {
        /// A probe's place in the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub(super) enum Mark { $($mark),+ }
        static PROBES: &[Probe] = &[$(Probe { name: $name, about: $about, required: probes!(@ $need) }),+];
    };
    (@ required) => { true };
    (@ rare) => { false };
}

probes! {
    // Elections.
    ElectionTie            required "election-tie"             "an election that only the server ids decided"
    ElectionByLog          required "election-by-log"          "a replica elected one with a lower id: epochs or logs decided"
    ElectionTwice          required "election-twice"           "two leaders, one after the other, in one storm"
    ElectionFive           required "election-five"            "five leaders or more in one storm"
    LeaderWithoutEpoch     required "leader-without-epoch"     "an elected leader gave up, or died, before a quorum had its epoch"
    LeaderWithoutQuorum    required "leader-without-quorum"    "a leader gave up, or died, between its epoch and its establishment"
    EpochSkipped           required "epoch-skipped"            "an epoch was used up without a leader that was established in it"
    LeaderSuperseded       required "leader-superseded"        "a leader was established while an older one still thought that it led"
    LeaderPausedOut        required "leader-paused-out"        "a leader was established while the one before was frozen"
    LeaderGaveUp           required "leader-gave-up"           "an established leader stepped down by itself"
    LeaderCrashed          required "leader-crashed"           "an established leader went down"
    LeaderReturned         required "leader-returned"          "a replica led again after another had led"
    LateJoiner             required "late-joiner"              "a replica joined a leader that was established before"
    LeaderlessAtHeal       required "leaderless-at-heal"       "nobody led when the storm ended"
    SevenReplicas          required "seven-replicas"           "seven replicas established a leader"
    // Synchronisation.
    SyncDiffEmpty          required "sync-diff-empty"          "a learner had all there was"
    SyncDiff               required "sync-diff"                "a learner got the transactions that it missed"
    SyncTrunc              required "sync-trunc"               "a learner had to cut its log back"
    SyncTruncDiff          required "sync-trunc-diff"          "a learner had to cut its log back and got others in its place"
    TruncatedTwo           required "truncated-two"            "two transactions or more were cut off a log"
    SyncSnap               required "sync-snap"                "a learner got the whole state"
    Installed              required "installed"                "a learner took over a whole state"
    SyncFromNothing        required "sync-from-nothing"        "a learner with an empty log joined a service that had committed something"
    SyncUnderLoad          required "sync-under-load"          "a learner was synchronised while proposals were under way"
    LearnerLostMidway      required "learner-lost-midway"      "a learner went down, or gave up, between the decision how to synchronise it and its adoption"
    AdoptedUnserved        required "adopted-unserved"         "a learner went down, or gave up, between its adoption and its service"
    TruncUnadopted         rare     "trunc-unadopted"          "a learner went down, or gave up, after cutting its log back and before its adoption (ZOOKEEPER-5094)"
    InstallUnadopted       rare     "install-unadopted"        "a learner went down, or gave up, after taking over a state and before its adoption (ZOOKEEPER-3642)"
    // Logs, snapshots, disks.
    TornTail               required "torn-tail"                "a recovery cut off a torn tail of the log"
    RecoveredUncommitted   required "recovered-uncommitted"    "a recovery found a log that ends above all that was committed"
    RecoveredBehind        required "recovered-behind"         "a recovery found a log that ends below what was committed"
    EpochsApart            required "epochs-apart"             "a recovery found an accepted epoch above the current one"
    Snapshotted            required "snapshotted"              "a replica took a snapshot"
    SnapshotFuzzy          required "snapshot-fuzzy"           "transactions were applied while a snapshot was written"
    RecoveredSnapshot      required "recovered-snapshot"       "a recovery started from a snapshot"
    RecoveredFuzzy         required "recovered-fuzzy"          "a recovery started from a fuzzy snapshot"
    LogRolled              required "log-rolled"               "a snapshot ended a log file"
    LogFull                required "log-full"                 "a log file reached its size, and another was begun"
    LogPurged              required "log-purged"               "a log file that no snapshot needed was thrown away"
    SnapshotPurged         required "snapshot-purged"          "a snapshot was thrown away for newer ones"
    RecoveredAcross        required "recovered-across-logs"    "a recovery replayed more than one log file over its snapshot"
    RecoveredFuzzyAcl      required "recovered-fuzzy-with-acl" "a recovery started from a snapshot during which a list of who may do what was changed (ZOOKEEPER-3306)"
    RecoveredFuzzyClose    required "recovered-fuzzy-with-close" "a recovery started from a snapshot during which a session was closed (ZOOKEEPER-3144, 3145)"
    RecoveredFuzzyReaped   rare     "recovered-fuzzy-with-reaped" "a recovery started from a snapshot during which a container or TTL node was taken away"
    FarBehindDiff          required "far-behind-by-diff-from-disk" "a learner that was further behind than its leader's memory was sent transactions read from the leader's logs"
    FarBehindSnap          required "far-behind-snap"          "a learner with a log was so far behind that it was sent the whole state"
    CameBackEmpty          required "came-back-empty"          "a replica that had logged something came back with nothing"
    TailRefetched          required "tail-lost-and-refetched"  "a replica whose disk had lost something it had logged got it back from a leader"
    CrashSnapshotting      required "crash-while-snapshotting" "a replica went down while it wrote a snapshot"
    CrashPurging           required "crash-while-purging"      "a replica went down between throwing files away and their being gone for good"
    UnsyncedLost           required "unsynced-lost"            "a power failure lost bytes that were written and not synced"
    LieLost                required "lie-lost"                 "a power failure lost bytes that a lying sync had promised"
    DiskLost               required "disk-lost"                "a machine lost its disk"
    ExitFull               required "exit-disk-full"           "a replica left because its disk was full"
    ExitError              required "exit-disk-error"          "a replica left because its disk failed"
    ExitDamaged            required "exit-damaged"             "a replica called its disk damaged"
    Wiped                  required "wiped"                    "an operator wiped a damaged disk"
    Rotted                 required "rotted"                   "bytes of a file changed under it"
    Spared                 rare     "spared"                   "the fault budget left a blow out"
    // Commits.
    LostBeforeCommit       required "leader-lost-before-commit" "a leader was lost between a proposal's quorum and its commit"
    LostAfterCommit        required "leader-lost-after-commit"  "a leader was lost after a commit that nobody else had heard of"
    UncommittedSurvives    required "uncommitted-survives"     "a proposal of a lost leader became part of a later leader's history"
    UncommittedVanishes    required "uncommitted-vanishes"     "a logged proposal of a lost leader is not part of a later leader's history"
    TimeWentBack           required "time-went-back"           "a transaction's time is below that of the one before"
    // What the world did.
    CrashedPower           required "crashed-power"            "a machine lost power"
    CrashedProcess         required "crashed-process"          "a process died and its machine did not"
    MajorityDown           required "majority-down"            "a majority of the replicas was down at once"
    AllDown                required "all-down"                 "all replicas were down at once"
    ClockBack              required "clock-back"               "a leader's wall clock stepped back"
    OneWay                 required "cut-one-way"              "a one-way cut while somebody led"
    Bridge                 required "cut-bridge"               "two sides and a bridge while somebody led"
    Ring                   required "cut-ring"                 "a ring while somebody led"
    HalfOpen               required "half-open"                "streams were cut without a word to either end"
    PauseLong              required "pause-past-timeout"       "a client was frozen for longer than its session's timeout"
    LeftOut                required "absent-at-the-end"        "the service healed without one of its replicas"
    // Sessions.
    Expired                required "session-expired"          "a session expired by silence"
    ExpiredByOrder         required "session-expired-by-order" "a session was expired by order"
    ExpiredBehindCut       required "session-expired-behind-cut" "a session expired while its client ran, behind a partition"
    ExpiredInPause         required "session-expired-in-pause" "a session expired while its client was frozen"
    ExpiryLearned          required "expiry-learned"           "a client was told that its session is no more"
    Moved                  required "session-moved"            "a session went on at another replica"
    SessionOutlives        required "session-outlives-leader"  "a session went on under another leader"
    RefusedBehind          required "refused-behind"           "a replica refused a client that had seen more than it"
    RefusedThenAttached    required "refused-then-attached"    "a client that was refused so found another replica for its session"
    EphemeralExpired       required "ephemeral-expired"        "ephemerals were deleted by an expiry"
    EphemeralClosed        required "ephemeral-closed"         "ephemerals were deleted by their client's closing of its session"
    // Outcomes.
    UnknownDone            required "unknown-done"             "a request of unknown outcome had taken effect"
    UnknownLate            required "unknown-late"             "a request of unknown outcome took effect afterwards"
    UnknownNever           required "unknown-never"            "a request of unknown outcome never reached a leader"
    UnknownVanished        rare     "unknown-vanished"         "a request of unknown outcome was proposed and vanished with its leader"
    ExistsAfterUnknown     required "exists-after-unknown"     "a create failed with NodeExists after one of the same client's had been lost in the dark"
    // Requests.
    MultiDone              required "multi-done"               "a multi succeeded"
    MultiFailed            required "multi-failed"             "a multi failed"
    BadVersion             required "bad-version"              "a conditional write came too late"
    SequentialNextLeader   required "sequential-next-leader"   "a sequential node was created under the leader after the one of its elder brother"
    Container              required "container-created"        "a container was created"
    Ttl                    required "ttl-created"              "a node with a time to live was created"
    StaleRead              required "read-stale"               "a read was answered from an older state than the last one committed"
    SyncReturned           required "sync-returned"            "a sync was answered"
    SyncSuperseded         rare     "sync-superseded"          "a leader that another had already superseded answered a sync"
    Pipelined              required "pipelined"                "a client had three requests under way at once"
    // Watches.
    WatchFired             required "watch-fired"              "a watch event came"
    WatchCreated           required "watch-created"            "a watch on a missing node fired"
    WatchesRestored        required "watches-restored"         "a client had its watches restored after re-attaching"
    WatchCaughtUp          required "watch-caught-up"          "a change that a client had missed was told in answer to setWatches"
    WatchesRemoved         required "watches-removed"          "watches were removed by request"
    WatchesNone            required "watches-none-to-remove"   "a removal found no watch"
    WatchModes             required "watch-mode-changed"       "a lasting watch was left where one of the other mode was"
    LastingFiredTwice      required "watch-fired-again"        "a lasting watch fired a second time"
    RecursiveBelow         required "watch-recursive"          "a recursive watch told of a change below its node"
    LastingRestored        required "lasting-watches-restored" "lasting watches were armed again after re-attaching"
    // Access.
    AclRefusedRead         required "acl-refused-read"         "a read was refused for want of a permission"
    AclRefusedWrite        required "acl-refused-write"        "a write was refused for want of a permission"
    AclRefusedMulti        required "acl-refused-in-multi"     "a multi failed for want of a permission"
    AclChanged             required "acl-changed"              "a node's list of who may do what was changed"
    AclInvalid             required "acl-invalid"              "a list that makes no sense was refused"
    AclHidden              required "acl-hash-hidden"          "a user's hash was hidden from one who may not administer the node"
    AuthShown              required "auth-shown"               "a client showed who it is"
    AuthAgain              required "auth-shown-again"         "a client showed who it is on another connection of its session"
    AuthFailed             required "auth-failed"              "a client was not believed"
    SeveralUsers           required "several-users"            "a connection was two users at once"
    // Other requests.
    MultiRead              required "multi-read"               "several reads in one request were answered"
    MultiReadMixed         required "multi-read-mixed"         "some of several reads failed and the others did not"
    EphemeralsListed       required "ephemerals-listed"        "a session asked for its ephemerals and had some"
    TtlRefused             required "ttl-refused"              "a node with a time to live was refused where they are switched off"
    // Configurations.
    ObserverRead           required "observer-read"            "an observer answered a read"
    ObserverWrote          required "observer-wrote"           "an observer answered a write that it had handed on"
    QuorumOfGroups         required "quorum-of-groups"         "groups decided without a majority of the voters"
    Reconfigured           required "reconfigured"             "a reconfig was committed"
    ReconfigNoQuorum       required "reconfig-no-quorum"       "a reconfig was refused because no quorum of its configuration was in step"
    ReconfigInProgress     rare     "reconfig-in-progress"     "a reconfig was refused because another was under way"
    ReconfigSurvived       required "reconfig-survived"        "a leader was lost before it committed its reconfig, and another one did"
    ReconfigVanished       required "reconfig-vanished"        "a leader was lost before it committed its reconfig, and nobody ever did"
    LeaderRemovedItself    required "leader-removed-itself"    "a leader committed a configuration in which it does not vote"
    LeaderAppointed        required "leader-appointed"         "a leader was established that a reconfig had named, without an election"
    VoterObserves          required "voter-observes"           "a voter became an observer"
    ObserverVotes          required "observer-votes"           "an observer became a voter"
    ReplicaRemoved         required "replica-removed"          "a replica learned that it is no member any more"
    ReplicaJoined          required "replica-joined"           "a replica that was no member learned that it is one again"
    GroupsFormed           required "groups-formed"            "voters came to form groups"
    // Reaping.
    ContainerReaped        required "container-reaped"         "an empty container was taken away"
    ContainerAgain         required "container-made-again"     "a container was made again after it had been taken away"
    TtlReaped              required "ttl-reaped"               "a node whose time had passed was taken away"
    ReapedByNext           required "reaped-by-next-leader"    "a node was taken away by a later leader than the one under which it was made"
    ReapRefused            rare     "reap-refused"             "a node that was about to be taken away had changed meanwhile"
    // Recipes.
    LockPassed             required "lock-passed-on"           "a lock or a leadership went from one client to another"
    LockTakenOver          required "lock-taken-over"          "a lock was acquired whose holder had not released it"
    CounterShared          required "counter-shared"           "two clients counted on one counter"
    QueueHandedOver        required "queue-handed-over"        "a client took from a queue what another had put in"
    BarrierPassed          required "barrier-passed"           "two clients or more passed a barrier"
    FlinkFinished          required "flink-finished"           "a client with real Flink's requests came to its end"
    // Curator.
    SuspendedAndBack       required "suspended-then-reconnected" "a session was SUSPENDED, and RECONNECTED was the same one"
    ReconnectedAnew        required "reconnected-new-session"  "RECONNECTED was another session than the one that was SUSPENDED"
    LostByClock            required "lost-injected"            "a client gave its session up before the service said that it is no more"
    RetriedAnew            required "retried-in-new-session"   "a request was sent again in another session than its first try"
    RetriedDone            required "retried-after-success"    "a request was sent again although an earlier try had taken effect"
    RetriedTwice           rare     "retried-twice-done"       "two tries of one request took effect"
    ProtectedFound         required "protected-create-found"   "a protected create found the node of a try whose reply was lost"
    LatchRevoked           required "latch-revoked-on-suspend" "a leader stepped back because its connection was lost"
    LatchOutlasts          required "latch-outlasts-suspend"   "a leader that tolerates it led on over a lost connection"
    TwoBelievers           required "two-believers"            "two clients believed to lead by one latch at the same time"
    DeposedWrote           rare     "deposed-write-applied"    "a multi of a leader of the past was applied in a later session of its (FLINK-10333)"
    HandleAssumed          rare     "handle-multi-assumed"     "a handle that was there already was taken for the work of an earlier try"
    HandleForeign          rare     "handle-assumed-foreign"   "a handle that was there already was taken for an earlier try's, and was another's"
    FencedRefused          rare     "fenced-multi-refused"     "a handle was refused because its author's latch node was gone"
    CounterSuperseded      required "counter-superseded"       "a set of unknown outcome was sent again and found another version"
    DeleteLater            required "guaranteed-delete-later"  "a delete was sent again after its reply was lost"
    CacheAnew              required "cache-read-anew"          "a cache watched its tree again on another connection"
}

const _: () = assert!(PROBES.len() <= PROBES_MAX, "a run's hits are kept in as many bits");

/// All probes, in the order of reports.
pub fn probes() -> &'static [Probe] {
    PROBES
}
