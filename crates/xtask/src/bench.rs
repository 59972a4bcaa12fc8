//! Speed, as ratios to limits measured in the same run: machines are noisy, ratios are not.
//!
//! Every benchmark prints a line for people for each figure, and one line of JSON at its end.

mod audit;
mod decide;
mod deciding;
mod ingest;
pub mod limits;
mod pages;
mod start;
mod state;
mod store;
mod town;
mod witness;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use crate::repository::Repository;

/// A benchmark by name.
struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&Repository, &mut Figures) -> Result<()>,
}

const BENCHES: [Bench; 11] = [
    Bench { name: "limits", about: "what this machine can do: verifying, syncing", run: limits::run },
    Bench {
        name: "ingest",
        about: "durable ingest over HTTP at 1, 8, 64, 512 clients and in batches",
        run: ingest::run,
    },
    Bench { name: "audit", about: "the audit of a mirror, everything decided again", run: audit::run },
    Bench {
        name: "audit-million",
        about: "the same of a million entries, and what it costs to go on from there",
        run: audit::million,
    },
    Bench {
        name: "witness",
        about: "from an acknowledgement to a proof that two local witnesses stand behind",
        run: witness::run,
    },
    Bench {
        name: "decide",
        about: "one core: reading, judging and deciding beside a signature check",
        run: decide::run,
    },
    Bench {
        name: "deciding",
        about: "events of agreements of two: deciding, taking in and opening, beside up to 200,000 others",
        run: deciding::run,
    },
    Bench {
        name: "state",
        about: "memory of agreements, and what deciding their events costs as they grow",
        run: state::run,
    },
    Bench {
        name: "store",
        about: "the embedded store against a bare file, and its starts at a million entries",
        run: store::run,
    },
    Bench {
        name: "start",
        about: "starts of a server with a million entries: after a clean stop, after another, with everything verified",
        run: start::run,
    },
    Bench {
        name: "pages",
        about: "every kind of page, filter and search with 100,000 agreements, beside a file of the same server",
        run: pages::run,
    },
];

/// What one benchmark measured.
#[derive(Debug, Default)]
pub struct Figures {
    rows: Vec<Value>,
}

impl Figures {
    /// A rate beside the limit of the same run.
    pub fn rate(&mut self, name: &str, each_second: f64, limit: &str, limit_each_second: f64) {
        let ratio = each_second / limit_each_second;
        println!("  {name:<44}{each_second:>12.0}/s  {:>6.1}% of {limit}", ratio * 100.0);
        self.rows.push(json!({
            "name": name, "each_second": each_second, "limit": limit, "limit_each_second": limit_each_second, "ratio": ratio,
        }));
    }

    /// A time as a multiple of a limit of the same run.
    pub fn time(&mut self, name: &str, micros: f64, limit: &str, limit_micros: f64) {
        let ratio = micros / limit_micros;
        println!("  {name:<44}{micros:>12.0} us  {ratio:>6.2} times {limit}");
        self.rows.push(json!({
            "name": name, "micros": micros, "limit": limit, "limit_micros": limit_micros, "ratio": ratio,
        }));
    }

    /// The same of a time that is small beside its limit.
    pub fn fine(&mut self, name: &str, micros: f64, limit: &str, limit_micros: f64) {
        let ratio = micros / limit_micros;
        println!("  {name:<56}{micros:>7.2} us  {:>5.1}% of {limit}", ratio * 100.0);
        self.rows.push(json!({
            "name": name, "micros": micros, "limit": limit, "limit_micros": limit_micros, "ratio": ratio,
        }));
    }

    /// A figure that stands for itself.
    pub fn plain(&mut self, name: &str, value: f64, unit: &str) {
        println!("  {name:<44}{value:>12.2} {unit}");
        self.rows.push(json!({ "name": name, "value": value, "unit": unit }));
    }
}

/// Measures what is named, or everything.
pub fn run(repository: &Repository, arguments: &[String]) -> Result<()> {
    if let Some(unknown) = arguments.iter().find(|name| BENCHES.iter().all(|bench| bench.name != name.as_str())) {
        let known: Vec<String> = BENCHES.iter().map(|b| format!("  {:<10}{}", b.name, b.about)).collect();
        bail!("there is no benchmark `{unknown}`; there are:\n{}", known.join("\n"));
    }
    for bench in BENCHES.iter().filter(|b| arguments.is_empty() || arguments.iter().any(|name| name == b.name)) {
        println!("{}: {}", bench.name, bench.about);
        let mut figures = Figures::default();
        (bench.run)(repository, &mut figures)?;
        let mut line = Map::new();
        line.insert("bench".to_owned(), bench.name.into());
        line.insert("figures".to_owned(), figures.rows.into());
        println!("{}", Value::from(line));
    }
    Ok(())
}

/// The middle of some measurements.
pub fn median(mut values: Vec<f64>) -> f64 {
    percentile(&mut values, 50)
}

/// So many hundredths of the measurements are not larger.
pub fn percentile(values: &mut [f64], hundredths: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() * hundredths / 100).min(values.len().saturating_sub(1));
    values.get(place).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "nothing is computed")]
    fn percentiles_are_measurements() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(percentile(&mut [5.0, 1.0], 99), 5.0);
        assert!(median(Vec::new()).is_nan());
    }
}
