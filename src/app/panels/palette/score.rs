//! How well a few typed letters fit a text: every word of the query has to appear in it, in order but not
//! side by side; starts of words, runs of letters and early places count more.
//!
//! The best alignment is found by dynamic programming (as in Smith and Waterman, with gaps that cost
//! nothing but the bonus of a run), so that a better place later in the text is not missed.

/// How well a query fits, and which letters of the text it stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// More is better.
    pub score: i32,
    /// Places of the letters that were meant, in characters, ascending.
    pub places: Vec<usize>,
}

/// For every letter.
const LETTER: i32 = 10;
/// For the first letter of a word.
const WORD_START: i32 = 12;
/// For a letter beside the one before.
const RUN: i32 = 18;
/// For the first letter of the text.
const TEXT_START: i32 = 6;
/// Longer queries are cut: nobody looks for more.
const LONGEST_QUERY: usize = 64;
/// Longer texts are cut.
const LONGEST_TEXT: usize = 160;

/// How well `query` fits `text`; `None` when a word of it does not. An empty query fits everything.
pub fn fit(query: &str, text: &str) -> Option<Fit> {
    let letters: Vec<char> = text.chars().take(LONGEST_TEXT).map(lower).collect();
    let mut fit = Fit::default();
    for word in query.split_whitespace() {
        let word: Vec<char> = word.chars().take(LONGEST_QUERY).map(lower).collect();
        let found = fit_word(&word, &letters)?;
        fit.score += found.score;
        fit.places.extend(found.places);
    }
    // Of two texts that fit alike, the shorter one is meant.
    fit.score -= letters.len() as i32 / 8;
    fit.places.sort_unstable();
    fit.places.dedup();
    Some(fit)
}

fn lower(letter: char) -> char {
    letter.to_lowercase().next().unwrap_or(letter)
}

fn bonus(text: &[char], place: usize) -> i32 {
    let starts_word = place == 0 || !text[place - 1].is_alphanumeric() && text[place].is_alphanumeric();
    LETTER + if starts_word { WORD_START } else { 0 } + if place == 0 { TEXT_START } else { 0 }
}

/// `best[i][j]`: the most for the first `i + 1` letters of the word, the last of them at place `j`.
fn fit_word(word: &[char], text: &[char]) -> Option<Fit> {
    if word.is_empty() || text.len() < word.len() {
        return None;
    }
    let mut best: Vec<Vec<Option<(i32, usize)>>> = Vec::with_capacity(word.len());
    for (i, &letter) in word.iter().enumerate() {
        let mut row = vec![None; text.len()];
        // The best end of the letters before, up to two places back.
        let mut before: Option<(i32, usize)> = None;
        for j in i..text.len() {
            if i > 0
                && j >= 2
                && let Some((score, _)) = best[i - 1][j - 2]
                && before.is_none_or(|(most, _)| score > most)
            {
                before = Some((score, j - 2));
            }
            if text[j] != letter {
                continue;
            }
            let own = bonus(text, j);
            row[j] = if i == 0 {
                Some((own, j))
            } else {
                let beside = best[i - 1][j - 1].map(|(score, _)| (score + own + RUN, j - 1));
                let apart = before.map(|(score, from)| (score + own, from));
                beside.into_iter().chain(apart).max_by_key(|(score, _)| *score)
            };
        }
        best.push(row);
    }
    let last = best.last()?;
    let (mut place, score) = (0..text.len())
        .filter_map(|j| last[j].map(|(score, _)| (j, score)))
        .max_by_key(|(j, score)| (*score, usize::MAX - j))?;
    let mut places = Vec::with_capacity(word.len());
    for row in best.iter().rev() {
        places.push(place);
        place = row[place].map_or(0, |(_, from)| from);
    }
    places.reverse();
    Some(Fit { score, places })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(query: &str, text: &str) -> Option<Vec<usize>> {
        fit(query, text).map(|fit| fit.places)
    }

    #[test]
    fn letters_are_found_in_order_or_not_at_all() {
        assert_eq!(places("tmp", "Time map"), Some(vec![0, 5, 7]));
        assert_eq!(places("map time", "Time map"), Some(vec![0, 1, 2, 3, 5, 6, 7]));
        assert_eq!(places("mt", "Time map"), None);
        assert_eq!(places("time x", "Time map"), None);
        assert_eq!(places("", "Time map"), Some(vec![]));
        assert_eq!(places("a", ""), None);
    }

    #[test]
    fn a_run_of_letters_later_is_better_than_scattered_ones_early() {
        assert_eq!(places("late", "Latitude and the late ones"), Some(vec![17, 18, 19, 20]));
    }

    #[test]
    fn word_starts_and_short_texts_come_first() {
        let mut texts = ["Reset the layout", "Results", "The pressed key", "Restore"];
        texts.sort_by_key(|text| std::cmp::Reverse(fit("res", text).map_or(0, |fit| fit.score)));
        assert_eq!(texts, ["Results", "Restore", "Reset the layout", "The pressed key"]);
    }

    #[test]
    fn long_texts_and_letters_of_other_scripts_are_no_trouble() {
        assert!(fit(&"q".repeat(1_000), &"q".repeat(1_000)).is_some());
        assert_eq!(places("ß", "Straße"), Some(vec![4]));
        assert_eq!(places("ÄR", "für ärzte"), Some(vec![4, 5]));
    }
}
