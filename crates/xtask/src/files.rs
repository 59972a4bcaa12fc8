//! Length, leftovers and dead links: what a reader would stumble over.

use anyhow::Result;

use crate::repository::{Repository, is_a, verdict};

/// A file of code holds one idea; nobody reads more than this in one sitting.
const LINES_MAX: usize = 700;

/// What must not stay in a line of code, and why. Split, so that this file does not find itself.
const LEFTOVERS: [(&str, &str); 8] = [
    (concat!("to", "do!("), "say that it is missing in an issue, and refuse it in code"),
    (concat!("unimple", "mented!("), "say that it is missing in an issue, and refuse it in code"),
    (concat!("FIX", "ME"), "mend it, or write an issue"),
    (concat!("XX", "X:"), "mend it, or write an issue"),
    (concat!("TO", "DO"), "do it, or write an issue"),
    (concat!("#[ig", "nore"), "a behaviour that is wrong is asserted as it is, with the reason"),
    (concat!("#![al", "low("), "use `expect` with a reason, nearest the line"),
    (concat!("#[al", "low("), "use `expect` with a reason, nearest the line"),
];

/// The step of the gate.
pub fn step(repository: &Repository) -> Result<()> {
    let files = repository.files()?;
    let mut found = Vec::new();
    for file in &files {
        if file.ends_with("/mod.rs") {
            found.push(format!("{file}: write `name.rs` beside `name/`"));
        }
        let code = is_a(file, "rs") || is_a(file, "py");
        let document = is_a(file, "md");
        if !code && !document {
            continue;
        }
        let Some(text) = repository.text(file)? else {
            found.push(format!("{file}: is not UTF-8"));
            continue;
        };
        if code {
            found.extend(stumbles(file, &text));
        } else {
            found.extend(dead_links(file, &text, &|path| repository.root.join(path).exists()));
        }
    }
    verdict(&found)
}

fn stumbles(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let lines = text.lines().count();
    if lines > LINES_MAX {
        found.push(format!("{file}: {lines} lines, more than {LINES_MAX}"));
    }
    for (index, line) in text.lines().enumerate() {
        for (leftover, instead) in LEFTOVERS {
            if line.contains(leftover) {
                found.push(format!("{file}:{}: `{leftover}`: {instead}", index + 1));
            }
        }
    }
    found
}

/// Links of a document to files of the checkout that are not there.
fn dead_links(file: &str, text: &str, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for piece in line.split("](").skip(1) {
            let Some((link, _)) = piece.split_once(')') else {
                continue;
            };
            let path = link.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let path = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
            if !exists(&path) {
                found.push(format!("{file}:{}: `{link}` leads nowhere", index + 1));
            }
        }
    }
    found
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn nobody_stumbles_over_a_file_of_this_checkout() {
        step(&Repository::find().unwrap()).unwrap();
    }

    #[test]
    fn a_long_file_is_found() {
        assert_eq!(stumbles("a.rs", &"// x\n".repeat(700)), Vec::<String>::new());
        assert_eq!(stumbles("a.rs", &"// x\n".repeat(701)), ["a.rs: 701 lines, more than 700"]);
    }

    #[test]
    fn a_leftover_is_found_with_its_line() {
        let text = format!("fn a() {{\n    {}\n}}\n", concat!("to", "do!()"));
        let found = stumbles("a.rs", &text);
        assert_eq!(found.len(), 1);
        assert!(found.iter().all(|line| line.starts_with("a.rs:2: ")), "{found:?}");
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let exists = |path: &str| path == "docs/adr/0001.md";
        let text = "See [one](adr/0001.md#why), [two](adr/0002.md) and [web](https://a.test/b).";
        assert_eq!(dead_links("docs/a.md", text, &exists), ["docs/a.md:1: `adr/0002.md` leads nowhere"]);
    }
}
