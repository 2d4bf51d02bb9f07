//! What the monkey drops on the window, pastes and types: files that can be opened and files that cannot, scenarios
//! as text and texts that are none.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use highwater::scenario::library;

/// A file that is dropped on the window.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// As egui hands it over.
pub fn dropped(path: &Path) -> Arc<dyn egui::DroppedFile + Send + Sync> {
    Arc::new(Dropped(path.to_owned()))
}

/// Files to drop, written into `folder`: the first two can be opened, the others cannot.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let rows: String = (0..300).map(|i| format!("{},{},z{}\n", i * 60, i * 60 + 30 + i % 7, i % 3)).collect();
    let goods: [(&str, Vec<u8>); 7] = [
        ("rides.csv", format!("pickup_s,dropoff_s,zone\n{rows}").into_bytes()),
        ("mine.ron", scenario_text("late-nine").into_bytes()),
        ("broken.ron", b"(title: \"x\", source: Synthetic(rat: 2))".to_vec()),
        ("empty.csv", Vec::new()),
        ("binary.parquet", (0..=255).collect()),
        ("letter.txt", b"Dear reader".to_vec()),
        ("ragged.jsonl", b"{\"event_time\": 1}\n{\n".to_vec()),
    ];
    let mut paths = Vec::new();
    for (name, bytes) in goods {
        let path = folder.join(name);
        std::fs::write(&path, bytes).expect("the folder is writable");
        paths.push(path);
    }
    paths.extend([folder.join("nowhere.csv"), folder.to_owned()]);
    paths
}

fn scenario_text(slug: &str) -> String {
    library::find(slug).expect("it is built in").scenario().expect("it reads").to_ron()
}

/// Texts to paste: the first two are scenarios.
pub fn pasted() -> Vec<String> {
    let good = scenario_text("late-nine");
    vec![
        good.clone(),
        scenario_text("hot-key"),
        good.replacen("seed", "sead", 1),
        good[..good.len() / 2].to_owned(),
        "1min 30s".to_owned(),
        "\u{202e}\u{0}\u{1f4a5}".repeat(40),
        String::new(),
    ]
}

/// Texts to type.
pub const TYPED: [&str; 8] = ["12", "bound", "-", "9e99", "\u{202e}x", "1min", "0", "live"];
