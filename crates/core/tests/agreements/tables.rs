//! The other tables of the specification, cell by cell: derived changes (2.8), a party in an agreement (2.9), the
//! amendment track (2.10), keys, roles and organisations (2.11). The data say what is printed; the rules say what
//! happens.

mod amendment;
mod derived;
mod keys;
mod organisations;
mod party;
mod roles;

/// What an event did, or time did, to whoever a table is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It stands where it stood.
    Stayed,
    /// It stands elsewhere.
    Moved(String),
    /// A rule said no.
    Refused(String),
}

impl Happened {
    /// What came of a change from one state to another.
    pub fn between(before: &str, after: &str) -> Self {
        if before == after { Self::Stayed } else { Self::Moved(after.to_owned()) }
    }
}

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    pub event: String,
    pub derived: bool,
    pub state: String,
    pub outcomes: String,
}

/// The cells of a table, in their order.
pub fn cells(table: &str) -> Vec<Cell> {
    let lines = table.lines().skip(1).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let mut parts = line.splitn(6, ',');
            let mut part = || parts.next().unwrap().trim_matches('"').to_owned();
            let (_code, event, kind, state, _name, outcomes) = (part(), part(), part(), part(), part(), part());
            Cell { event, derived: kind == "derived", state, outcomes }
        })
        .collect()
}

impl Cell {
    /// Whether the cell prints what happened. A code in the row of a derived change says that it does not come.
    pub fn allows(&self, happened: &Happened) -> bool {
        self.outcomes.split('|').map(str::trim).any(|outcome| {
            let bare = outcome.split('(').next().unwrap().trim();
            match happened {
                Happened::Stayed => {
                    let same = bare.strip_prefix('>') == Some(&*self.state);
                    matches!(bare, "=" | "ok" | "n/a") || same || (self.derived && bare.starts_with('!'))
                }
                Happened::Moved(to) => bare.strip_prefix('>') == Some(to) || bare == "ok",
                Happened::Refused(code) => bare.strip_prefix('!') == Some(code),
            }
        })
    }

    /// The code that answers here whatever is printed, if the cell is settled so.
    pub fn settled<'a>(&self, settled: &[(&str, &str, &'a str)]) -> Option<&'a str> {
        let here =
            |states: &str| if self.state.len() == 1 { states.contains(&self.state) } else { states == self.state };
        settled.iter().find(|(event, states, _)| *event == self.event && here(states)).map(|(.., code)| *code)
    }

    /// What is wrong, unless the cell prints what happened, or is settled and that is what happened.
    pub fn wrong(&self, happened: &Happened, settled: &[(&str, &str, &str)]) -> Option<String> {
        let settled = self.settled(settled);
        let right = match settled {
            Some(code) => *happened == Happened::Refused(code.to_owned()),
            None => self.allows(happened),
        };
        let said = settled.unwrap_or(&self.outcomes);
        (!right).then(|| format!("{} in {}: {happened:?}, and it should be {said}", self.event, self.state))
    }

    /// Asks that nothing is wrong.
    pub fn holds(&self, happened: &Happened, settled: &[(&str, &str, &str)]) {
        assert_eq!(self.wrong(happened, settled), None);
    }
}

/// Asks that nothing is wrong in a whole table.
pub fn all_right(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
