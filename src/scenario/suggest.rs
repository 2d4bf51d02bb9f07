//! The name that somebody probably meant.

/// The candidate that is most like `name`, when one is like it at all.
///
/// Case, `_` and `-` do not matter. Ties go to the candidate that comes first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = plain(name);
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let likeness = strsim::jaro_winkler(&plain, &self::plain(candidate));
        if likeness > best.map_or(LEAST_LIKENESS, |(most, _)| most) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Below this likeness (0 to 1) a suggestion confuses more than it helps.
const LEAST_LIKENESS: f64 = 0.75;

/// `; did you mean NAME?`, or nothing.
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map(|found| format!("; did you mean `{found}`?")).unwrap_or_default()
}

/// The same as the end of a sentence: without a suggestion, a full stop.
pub fn did_you_mean_stop<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    let guess = did_you_mean(name, candidates);
    if guess.is_empty() { ".".to_owned() } else { guess }
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_the_name_that_was_meant() {
        let fields = ["version", "title", "about", "seed", "duration", "source", "pipeline", "faults"];
        for (slip, meant) in [("pipelin", "pipeline"), ("Title", "title"), ("sede", "seed"), ("fault", "faults")] {
            assert_eq!(nearest(slip, fields), Some(meant));
        }
        assert_eq!(nearest("log-normal", ["Pareto", "LogNormal"]), Some("LogNormal"));
        assert_eq!(nearest("quux", fields), None);
        assert_eq!(nearest("", fields), None);
        assert_eq!(nearest("x", []), None);
    }
}
