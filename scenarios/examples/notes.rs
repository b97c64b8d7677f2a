//! Prints the notes of a run: throwaway.
use vocab::fact::Fact;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let plan = if args[1].ends_with(".toml") {
        vocab::plan::Plan::load(std::path::Path::new(&args[1])).unwrap()
    } else {
        scenarios::family::plan(&args[1], args[2].parse().unwrap()).unwrap()
    };
    let all = args.get(3).is_some_and(|a| a == "all");
    let (recording, judgement) = scenarios::run::judged(&plan);
    for (i, note) in recording.notes.iter().enumerate() {
        let show = match &note.fact {
            Fact::Stream(vocab::stream::StreamFact::Outside(_)) => all,
            Fact::Stream(_) | Fact::World(_) => true,
            Fact::Client(_) | Fact::Replica(_) => all,
        };
        if show {
            println!("{i} {:.3} m{} {:?}", note.at_ns as f64 / 1e6, note.machine.0, note.fact);
        }
    }
    println!("{:?}\n{:?}", recording.ending, judgement.verdict);
}
