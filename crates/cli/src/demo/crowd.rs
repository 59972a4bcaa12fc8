//! Many plain requests beside the stories: what a ledger of many years looks like to whoever measures it.

use anyhow::{Result, ensure};
use counterpart_core::ids::{OrganisationCode, Role};
use counterpart_core::london;
use serde_json::json;

use super::bodies::{Bodies, Body};
use super::deal::{Deal, Request};
use super::papers::{Days, Paper};
use super::seal::text;
use super::stories::Scene;
use super::terms::set;

/// The days of the story on which they are filed: after every body has registered.
const DAYS: std::ops::Range<u32> = 24..150;

/// Requests that a body may file on one day (G48).
const EACH_MAX: u32 = 20;

/// What they are about; a title says where besides.
const SUBJECTS: [&str; 24] = [
    "Homes with permission that are not yet built",
    "Vacant shops and their floor space",
    "Trees and woodland on public land",
    "Air quality beside main roads",
    "Places at primary schools",
    "Charge points and their use",
    "Road works in the coming year",
    "Parking bays by kind",
    "Flood defences and drains",
    "Cycle parking at stations",
    "Counts of cyclists",
    "Public toilets and their hours",
    "Energy used by public buildings",
    "Street lights by age",
    "Playgrounds and their repair",
    "Allotments and waiting lists",
    "Market pitches",
    "Libraries and their opening hours",
    "Heat networks",
    "Planning decisions by ward",
    "Brownfield land",
    "Business rates by street",
    "Bus stops and shelters",
    "Waste collected by round",
];

/// Adds so many requests, spread evenly over days and bodies; a third of them is taken up, and of two one is opened.
pub fn crowd(scenes: &mut Vec<Scene>, count: u32) -> Result<()> {
    let bodies: Vec<(OrganisationCode, String)> =
        Bodies::read()?.bodies.into_iter().filter(Body::shares).map(|body| (body.code, body.short)).collect();
    let (days, places) = (DAYS.end - DAYS.start, u32::try_from(bodies.len())?);
    // The stories file as well, so that something is left to each body each day.
    let most = days * places * (EACH_MAX - 3);
    ensure!(count <= most, "the story has room for {most} more requests");
    for day in DAYS {
        let part = |day: u32| u32::try_from(u64::from(day - DAYS.start) * u64::from(count) / u64::from(days));
        let (first, end) = (part(day)?, part(day + 1)?);
        let bodies = bodies.clone();
        let play = Box::new(move |play: &mut super::stories::Play| {
            let stage = &mut play.stage;
            for number in first..end {
                let at = |number: u32| bodies.get((number % places) as usize);
                let (Some((from, _)), Some((to, near))) = (at(number), at(number + 1 + number / places % (places - 1)))
                else {
                    continue;
                };
                let filer = stage.cast.of(*from, Role::Req)?;
                let start = london::date_of(stage.now).add_days(i64::from(number % 90));
                let days = Days { start, end: start.add_days(700) };
                let request = Request { paper: Paper::Planning, from: *from, to: *to, others: &[], days, filer };
                let subject = SUBJECTS.get(number as usize / 7 % SUBJECTS.len()).unwrap_or(&"Figures");
                let title = format!("{subject}, near {near}, part {}", number / 24);
                let (draft, deal) =
                    Deal::request(stage, &request, &|terms| set(terms, "", "title", json!(text(&title))))?;
                stage.record(draft)?;
                if number % 3 == 0 {
                    deal.triage(stage, *to, true)?;
                }
                if number % 2 == 0 {
                    deal.publish(stage, &[])?;
                }
            }
            Ok(())
        });
        scenes.push(Scene { day: i64::from(day), needs_time: false, play });
    }
    scenes.sort_by_key(|scene| scene.day);
    Ok(())
}
