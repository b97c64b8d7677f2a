//! Evidence: a recording, read once into what the rules look at. Prepared data; never a judgement.

pub mod users;
pub(crate) mod replication;
pub mod clients;
pub(crate) mod curators;
pub mod changes;
pub mod chain;
pub(crate) mod local;
pub(crate) mod watches;
pub(crate) mod files;
pub(crate) mod disturbances;

use judging::{Heard, NoteIndex, View};
use zookeeper_words::fact::Fact;
use zookeeper_words::settings::Settings;

use chain::Chain;
use clients::Clients;
use curators::Curators;
use disturbances::Disturbances;
use files::Files;
use local::Local;
use replication::Replication;
use users::{Guest, Users};
use watches::Watches;

/// What the rules on the service look at.
pub struct Evidence<'r> {
    /// The recording, as the service sees it.
    pub view: View<'r, Settings, Fact>,
    /// Who uses the service.
    pub users: Users,
    /// What replicas said of the log that they share.
    pub(crate) replication: Replication<'r>,
    /// What clients saw.
    pub clients: Clients<'r>,
    /// What Curators told their applications.
    pub(crate) curators: Curators,
    /// The committed transactions, and what the reference makes of them.
    pub chain: Chain<'r>,
    /// What replicas did without a leader.
    pub(crate) local: Local,
    /// What watches were to tell.
    pub(crate) watches: Watches,
    /// What replicas have on their disks.
    pub(crate) files: Files,
    /// What may have delayed the service.
    pub(crate) disturbances: Disturbances,
}

impl<'r> Evidence<'r> {
    /// Reads a recording of the service.
    pub fn read(view: View<'r, Settings, Fact>) -> Evidence<'r> {
        Evidence::read_with_guests(view, &[])
    }

    /// Reads a recording of the service within a containing system, of which these machines use it.
    pub fn read_with_guests(view: View<'r, Settings, Fact>, guests: &[Guest]) -> Evidence<'r> {
        let settings = view.plan.settings;
        let users = Users::of(settings, guests);
        let mut replication = Replication::new(view.plan);
        let mut clients = Clients::new(settings);
        let mut curators = Curators::default();
        let mut local = Local::default();
        let mut files = Files::new(usize::from(settings.replicas()));
        let mut disturbances = Disturbances::default();
        for (at, note) in (0..).zip(&view.notes) {
            let machine = note.machine;
            match note.what {
                Heard::World(happening) => {
                    replication.happened(at, machine, happening);
                    local.happened(at, machine, happening);
                    files.happened(machine, happening);
                    disturbances.happened(note.at_ns, happening);
                    if users.curator(machine).is_some() {
                        curators.happened(at, machine, happening);
                    }
                }
                Heard::Said(Fact::Replica(fact)) => {
                    replication.said(at, machine, fact);
                    local.said(at, machine, fact);
                    files.said(at, machine, fact);
                    disturbances.said(note.at_ns, fact);
                }
                Heard::Said(Fact::Client(fact)) => {
                    clients.saw(at, machine, fact);
                    local.saw(at, machine, fact);
                    if users.curator(machine).is_some() {
                        curators.saw(at, machine, fact, &clients);
                    }
                }
                Heard::Else => {}
            }
        }
        clients.identify();
        let chain = Chain::follow(settings, &replication, &clients);
        let watches = Watches::follow(settings.coordination.compat, &chain, &clients);
        Evidence { view, users, replication, clients, curators, chain, local, watches, files, disturbances }
    }

    /// A note's place for a witness: its time and its number.
    pub fn when(&self, note: NoteIndex) -> String {
        self.view.when(note)
    }

    /// When something was noted, by the world's time in ns.
    pub fn at_ns(&self, note: NoteIndex) -> u64 {
        self.view.notes[note as usize].at_ns
    }
}
