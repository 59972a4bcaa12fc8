//! What happens, and when: two boroughs at every stage of life, as a table.

use super::papers::Paper;

/// One side of an agreement of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who gives the data.
    From,
    /// Who gets them.
    To,
}

/// What somebody does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The provider takes the request up.
    Triage,
    /// The provider sends it back with a question.
    Return,
    /// The provider proposes shorter keeping.
    Counter,
    /// The requesting body accepts what was proposed.
    Accept,
    /// The lead party freezes the version, for so many days of signing.
    Submit(i64),
    /// One side gives its advice.
    Advise(Side),
    /// One side gives advice and approvals, and does not execute.
    Approve(Side),
    /// One side signs everything it owes.
    Sign(Side),
    /// Both sides do.
    SignBoth,
    /// The newest signature is taken back.
    TakeBack(Side),
    /// One side declines, for changes or for good.
    Decline(Side, &'static str),
    /// The requesting body withdraws.
    Withdraw,
    /// One side suspends the whole.
    Suspend(Side),
    /// It closes the ground.
    Resume(Side),
    /// One side gives notice, to take effect after so many days.
    Revoke(Side, i64),
    /// One side takes its notice back, and the other agrees.
    Rescind(Side),
    /// Both agree to end it, after so many days.
    EndTogether(i64),
    /// The provider logs that data were sent.
    Send,
    /// The recipient certifies that it destroyed them.
    Destroy,
    /// The lead party reviews it.
    Review,
    /// The lead party attaches the impact assessment.
    Attach,
    /// Someone notes something.
    Note,
    /// The lead party opens the words to everybody.
    Publish,
    /// The lead party keeps them.
    Withhold,
}

/// One agreement of two bodies. The one who gets the data asks for them.
#[derive(Clone, Copy, Debug)]
pub struct Bilateral {
    /// What is shared.
    pub paper: Paper,
    /// Who gives.
    pub from: &'static str,
    /// Who gets.
    pub to: &'static str,
    /// The day it is filed, counted from the start of the story.
    pub filed: i64,
    /// Days from filing to the first day in force.
    pub starts_in: i64,
    /// Days in force.
    pub lasts: i64,
    /// The stage of life that it shows today.
    pub shows: &'static str,
    /// What happens, with the day.
    pub steps: &'static [(i64, Step)],
    /// It rests on the passing of time, so it cannot be told in an instant.
    pub needs_time: bool,
}

use Paper::{Accommodation, Adults, Safeguarding};
use Side::{From, To};
use Step::{
    Accept, Advise, Approve, Attach, Counter, Decline, Destroy, EndTogether, Note, Publish, Rescind, Resume, Return,
    Review, Revoke, Send, Sign, SignBoth, Submit, Suspend, TakeBack, Triage, Withdraw, Withhold,
};

const fn told(
    paper: Paper,
    from: &'static str,
    to: &'static str,
    filed: i64,
    shows: &'static str,
    steps: &'static [(i64, Step)],
) -> Bilateral {
    Bilateral { paper, from, to, filed, starts_in: 0, lasts: 700, shows, steps, needs_time: false }
}

const fn over_time(
    paper: Paper,
    from: &'static str,
    to: &'static str,
    filed: i64,
    shows: &'static str,
    steps: &'static [(i64, Step)],
) -> Bilateral {
    Bilateral { needs_time: true, ..told(paper, from, to, filed, shows, steps) }
}

/// Two boroughs at every stage of life that the events of this version reach.
pub const STAGES: &[Bilateral] = &[
    told(Safeguarding, "GRE", "LEW", 147, "filed", &[(148, Triage)]),
    told(Safeguarding, "SWK", "LEW", 141, "clarifying", &[(143, Return)]),
    told(Accommodation, "CRY", "SWK", 138, "being negotiated", &[(140, Triage), (140, Publish), (144, Counter)]),
    told(
        Accommodation,
        "WFT",
        "RDB",
        94,
        "active, on terms that were negotiated",
        &[(95, Triage), (95, Publish), (97, Counter), (100, Accept), (102, Submit(60)), (107, SignBoth)],
    ),
    told(
        Accommodation,
        "HCK",
        "WFT",
        136,
        "approving",
        &[(137, Triage), (137, Publish), (139, Submit(60)), (142, Sign(From)), (144, Advise(To))],
    ),
    told(
        Adults,
        "BEX",
        "BRY",
        128,
        "approving, held up by a vacant post",
        &[(130, Triage), (130, Publish), (131, Submit(60)), (134, Sign(To)), (136, Advise(From))],
    ),
    Bilateral {
        starts_in: 55,
        ..told(
            Safeguarding,
            "RIC",
            "WND",
            122,
            "approved, in force later",
            &[(123, Triage), (123, Publish), (124, Submit(30)), (127, SignBoth)],
        )
    },
    told(
        Safeguarding,
        "HCK",
        "CMD",
        40,
        "active",
        &[
            (41, Triage),
            (41, Publish),
            (43, Submit(60)),
            (44, Attach),
            (47, Sign(From)),
            (50, Sign(To)),
            (52, Send),
            (75, Note),
            (110, Send),
            (145, Review),
        ],
    ),
    told(
        Adults,
        "MRT",
        "WND",
        62,
        "suspended",
        &[(63, Triage), (63, Withhold), (65, Submit(60)), (68, SignBoth), (133, Suspend(To))],
    ),
    told(
        Safeguarding,
        "NWM",
        "TWH",
        45,
        "active again after a suspension",
        &[(46, Triage), (46, Publish), (47, Submit(60)), (52, SignBoth), (90, Suspend(From)), (96, Resume(From))],
    ),
    told(
        Accommodation,
        "EAL",
        "HNS",
        50,
        "active, one party leaving",
        &[(51, Triage), (51, Publish), (53, Submit(60)), (58, SignBoth), (140, Revoke(To, 45))],
    ),
    told(
        Accommodation,
        "SWK",
        "CRY",
        56,
        "active, after a notice that was taken back",
        &[(57, Triage), (57, Publish), (58, Submit(60)), (61, SignBoth), (118, Revoke(To, 60)), (129, Rescind(To))],
    ),
    over_time(
        Safeguarding,
        "WSM",
        "HMF",
        42,
        "ending, data still to be destroyed",
        &[(43, Triage), (43, Publish), (44, Submit(60)), (48, SignBoth), (70, Send), (134, EndTogether(8))],
    ),
    over_time(
        Safeguarding,
        "RIC",
        "KTT",
        44,
        "closed, data destroyed",
        &[
            (45, Triage),
            (45, Publish),
            (46, Submit(60)),
            (50, SignBoth),
            (72, Send),
            (98, EndTogether(5)),
            (112, Destroy),
        ],
    ),
    over_time(
        Accommodation,
        "HRY",
        "ENF",
        30,
        "closed after notice",
        &[(31, Triage), (31, Publish), (33, Submit(60)), (36, SignBoth), (80, Revoke(From, 30))],
    ),
    Bilateral {
        lasts: 60,
        ..over_time(
            Safeguarding,
            "KTT",
            "STN",
            32,
            "closed at the end of its term",
            &[(33, Triage), (33, Publish), (35, Submit(60)), (38, SignBoth)],
        )
    },
    told(
        Accommodation,
        "HIL",
        "HRW",
        70,
        "refused for good",
        &[(71, Triage), (71, Publish), (72, Submit(60)), (75, Sign(To)), (79, Decline(From, "FINAL"))],
    ),
    told(
        Safeguarding,
        "CRY",
        "STN",
        100,
        "back for changes",
        &[(101, Triage), (103, Submit(60)), (106, Sign(From)), (110, Decline(To, "RETURN"))],
    ),
    told(Accommodation, "BDG", "HAV", 84, "withdrawn", &[(86, Triage), (86, Publish), (92, Withdraw)]),
    over_time(Safeguarding, "BNE", "HRW", 34, "lapsed, nobody acted for 90 days", &[(36, Triage)]),
    over_time(
        Accommodation,
        "LBH",
        "SWK",
        54,
        "lapsed, signing closed",
        &[(55, Triage), (57, Submit(30)), (60, Sign(From))],
    ),
    told(
        Safeguarding,
        "ISL",
        "HRY",
        112,
        "approving, one signature taken back",
        &[(113, Triage), (113, Publish), (114, Submit(60)), (118, Sign(From)), (121, Approve(To)), (125, TakeBack(To))],
    ),
];

/// Neighbours with something in force: they fill the matrix.
pub const NEIGHBOURS: &[(Paper, &str, &str)] = &[
    (Safeguarding, "CMD", "ISL"),
    (Safeguarding, "ISL", "CMD"),
    (Accommodation, "CMD", "BNE"),
    (Accommodation, "BEN", "CMD"),
    (Safeguarding, "BEN", "EAL"),
    (Accommodation, "WSM", "KEC"),
    (Adults, "KEC", "HMF"),
    (Safeguarding, "HMF", "KEC"),
    (Accommodation, "LND", "TWH"),
    (Safeguarding, "TWH", "HCK"),
    (Safeguarding, "HCK", "TWH"),
    (Adults, "LBH", "WND"),
    (Accommodation, "LEW", "GRE"),
    (Safeguarding, "GRE", "BEX"),
    (Accommodation, "RDB", "WFT"),
    (Safeguarding, "HAV", "RDB"),
    (Accommodation, "NWM", "BDG"),
    (Safeguarding, "BRY", "CRY"),
    (Adults, "HRY", "ISL"),
    (Safeguarding, "ENF", "BNE"),
];
