//! The probes of the stream engine, by name. A required one must be hit in a thousand seeds or more of all families;
//! the others are rare by nature and only counted.

use judging::Probe;

macro_rules! probes {
    ($($mark:ident $need:ident $name:literal $about:literal)+) => {
        /// A probe's place in the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Mark { $($mark),+ }

        /// All probes of the engine, in the order of reports.
        pub(super) const PROBES: &[Probe] = &[$(Probe { name: $name, about: $about, required: probes!(@ $need) }),+];
    };
    (@ required) => { true };
    (@ rare) => { false };
}

probes! {
    // Leaders.
    TwoMasters             required "two-masters-believe"      "a master was granted leadership while another one still believed to lead"
    MasterFailover         required "master-failover"          "another master led than the one before"
    MasterAgain            required "master-elected-again"     "a master that had lost its leadership was the next leader too"
    LostPending            required "failover-with-pending"    "a leading master was lost with a checkpoint pending"
    LostUntold             required "failover-before-notify"   "a leading master was lost between the completion of a checkpoint, or a stopping savepoint, and its telling anybody"
    LostRestoring          required "failover-while-restoring" "a leading master was lost while tasks were being restored"
    LostCleaning           rare     "failover-during-cleanup"  "a leading master was lost between a job's result and the end of its cleanup"
    CompletedDeposed       rare     "completed-while-deposed"  "a checkpoint completed while its leader was being deposed: SUSPENDED, expired or followed by another"
    AddedDeposed           rare     "added-by-deposed"         "the addition of a checkpoint by a master that another had followed was done (FLINK-10333)"
    Recovered              required "job-recovered"            "a new leader found a job with a checkpoint"
    RecoveredSeveral       required "recovered-several"        "a new leader found several checkpoints of a job"
    CleanedUp              required "job-cleaned-up"           "what the service held of a job that is over was removed"
    WorkerNewLeader        required "worker-with-new-leader"   "a worker registered with another leader than before"
    WorkerLostLeader       required "worker-lost-leader"       "a worker lost its leader, and canceled its tasks"
    TokenRefused           rare     "token-refused"            "a worker refused a call of another leader than its own"
    ZombieTask             rare     "zombie-task"              "a task of a leader of the past began to run"
    // Checkpoints.
    CheckpointCompleted    required "checkpoint-completed"     "a checkpoint was completed"
    CheckpointExpired      required "checkpoint-expired"       "a checkpoint took too long"
    CheckpointDeclined     required "checkpoint-declined"      "a task declined a checkpoint"
    CheckpointSubsumed     rare     "checkpoint-subsumed"      "a pending checkpoint was given up since a newer one was complete"
    CheckpointFailedOver   required "checkpoint-failed-over"   "a pending checkpoint was given up since tasks of its were started again"
    FinalizeFailed         rare     "finalize-failed"          "a checkpoint that all had acknowledged could not be written down"
    CheckpointsAtOnce      required "checkpoints-at-once"      "two checkpoints were pending at once"
    CheckpointOfFew        rare     "checkpoint-of-ended"      "a checkpoint was triggered with a task that had come to the end of its data"
    TriggerRefused         rare     "trigger-refused"          "a request for a checkpoint was refused"
    AckTwice               rare     "ack-twice"                "an acknowledgement came twice"
    AckUnknown             rare     "ack-unknown"              "an acknowledgement came of an attempt that the checkpoint did not wait for"
    AckAfterAbort          required "ack-after-abort"          "an acknowledgement came of a checkpoint that was over"
    SnapshotOfAborted      required "snapshot-of-aborted"      "a task snapshotted for a checkpoint that its master had given up"
    FailureTolerated       required "failure-tolerated"        "a failed checkpoint counted as a failure that is tolerable"
    FailureFatal           required "failure-not-tolerable"    "a failed checkpoint failed the job"
    LeftStore              required "checkpoint-subsumed-in-store" "a completed checkpoint left the store for newer ones"
    LeftStoreRefused       rare     "removal-refused"          "a completed checkpoint could not leave the store: somebody else holds it"
    BlobsDiscarded         required "blobs-discarded"          "files that nothing needs were deleted"
    SharedReused           required "shared-file-reused"       "an incremental file stood in three checkpoints"
    AddAssumed             rare     "node-exists-assumed"      "a checkpoint's node that was there already was taken for the work of an earlier try"
    AddDiscarded           rare     "add-discarded"            "the addition of a checkpoint was refused for certain"
    AddInconsistent        rare     "add-inconsistent"         "nobody knew whether a checkpoint had been added (PossibleInconsistentStateException)"
    AddFenced              rare     "add-fenced"               "the addition of a checkpoint was refused since its author's latch was gone"
    SavepointTaken         required "savepoint-taken"          "a savepoint was taken"
    SavepointBetween       rare     "savepoint-amid-checkpoint" "a savepoint completed while a checkpoint was pending"
    SavepointFailed        rare     "savepoint-failed"         "a savepoint came to nothing"
    StoppedWithSavepoint   required "stopped-with-savepoint"   "a job was stopped with a savepoint"
    FinalCheckpoint        required "final-checkpoint"         "a task at the end of its data heard of a complete checkpoint"
    // Barriers and channels.
    AlignedAcrossHeal      required "aligned-across-heal"      "a barrier was aligned while a partition healed"
    AlignmentTimedOut      required "alignment-timed-out"      "an alignment took too long, and the barrier overtook what was in flight"
    Overtook               required "barrier-overtook"         "an unaligned barrier overtook data, which became channel state"
    SnapshotAborted        required "snapshot-aborted"         "a task gave up a snapshot"
    AfterAbort             required "snapshot-after-abort"     "a task that had given up a snapshot took a later one"
    EndedInAlignment       required "ended-in-alignment"       "a task ended while it aligned barriers"
    EndedInUpload          required "ended-in-upload"          "a task ended between its snapshot and the acknowledgement of it"
    BackPressure           required "back-pressure"            "a task could not emit for a second in all"
    // Tasks and jobs.
    TaskFailed             required "task-failed"              "a task failed by itself"
    CanceledStarting       required "canceled-while-starting"  "a task was canceled before it ran"
    OutlivedItself         rare     "canceled-after-given-up"  "a task that its master had given up ran on until it was canceled"
    WorkerLost             required "worker-lost"              "a master gave a worker up"
    Restarted              required "job-restarted"            "tasks were started again after a failure"
    RestartedOften         required "job-restarted-often"      "a job was restarted five times"
    GaveUp                 rare     "restart-gave-up"          "a restart strategy gave up"
    RegionRestarted        required "region-restarted"         "a region was started again while others of its job ran on"
    GlobalRestart          required "global-restart"           "all of a job was restored from a checkpoint"
    FromSavepoint          required "restored-from-savepoint"  "a job began from another's savepoint"
    FromNothingAgain       required "restarted-from-nothing"   "a job began again from nothing, since it had no checkpoint yet"
    SameAgain              required "restored-same-again"      "a job was restored twice from the same checkpoint"
    ChannelStateRestored   required "channel-state-restored"   "a task was restored with channel state"
    TimersRestored         required "timers-restored"          "a task was restored with timers"
    TimersAfterRestore     required "timers-after-restore"     "a restored task's event timers fired"
    BroadcastRestored      required "broadcast-restored"       "a task was restored with broadcast state"
    ListRestored           rare     "list-restored"            "a task was restored with list state"
    CommittablesRestored   required "committables-restored"    "a sink was restored with transactions to commit"
    RescaledTimers         required "rescaled-2-to-3-timers"   "a job went from two subtasks to three, and took timers with it"
    RescaledUp             required "rescaled-up"              "a job went on with more subtasks"
    RescaledDown           required "rescaled-down"            "a job went on with fewer subtasks"
    SplitReassigned        required "split-reassigned"         "a split was given to another attempt than before"
    SplitMoved             rare     "split-moved"              "a split that had been read in part was given to another subtask"
    JobFinished            required "job-finished"             "a job came to its end"
    JobFailed              rare     "job-failed"               "a job failed for good"
    InputIdle              required "input-idle"               "a task's inputs were idle"
    InputBack              required "input-back"               "a task's inputs were no longer idle"
    DroppedLate            required "dropped-late"             "a record came behind the watermark and was dropped"
    ProcessingTimer        required "processing-timer"         "a processing-time timer fired"
    // The outside.
    TxnCommitted           required "txn-committed"            "a transaction was committed"
    CommitRetried          required "commit-retried"           "a commit was asked for again, after its answer or its asker was lost"
    CommittedByNext        required "committed-by-next"        "a transaction was committed by another attempt than the one that asked first"
    CommitByLater          required "commit-by-later"          "a transaction was committed on word of a later checkpoint than its own"
    CommitOfZombie         rare     "zombie-commit-late"       "an attempt of the past asked for a commit that its successor had done"
    ZombieCommitFenced     rare     "zombie-commit-fenced"     "an attempt of the past was fenced by the ledger"
    ProducerFenced         required "producer-fenced"          "the ledger refused a producer that another had followed"
    LingeringAborted       required "lingering-aborted"        "a transaction that a former attempt had left open was aborted"
    TxnTimedOut            rare     "txn-timed-out"            "a transaction was open for too long and was aborted"
    TxnInvalid             rare     "txn-invalid-state"        "the ledger refused what a transaction's state does not allow"
    TxnOutOfOrder          rare     "txn-out-of-order"         "the ledger refused rows before which others were missing"
    UpsertedAgain          required "upserted-again"           "a row took the place of one that a former attempt had written"
    LedgerAwayInCommit     required "ledger-away-in-commit"    "the ledger was unavailable during a commit"
    BlobsAwayInUpload      required "blobs-away-in-upload"     "the blob store was unavailable during an upload"
    BlobMissing            rare     "blob-missing"             "a blob was read that is not there"
    OutsidePowerless       required "outside-lost-power"       "the log, the ledger or the blob store lost power"
}
