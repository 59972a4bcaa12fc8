//! Many plain requests beside the stories: what a ledger of many years looks like to whoever measures it.

use anyhow::{Result, ensure};
use counterpart_core::ids::Role;
use counterpart_core::london;

use super::bodies::Bodies;
use super::deal::{Deal, Request};
use super::papers::{Days, Paper};
use super::stories::Scene;

/// The days of the story on which they are filed: after every body has registered.
const DAYS: std::ops::Range<u32> = 24..150;

/// Requests that a body may file on one day (G48).
const EACH_MAX: u32 = 20;

/// Adds so many requests, spread evenly over days and bodies; a third of them is taken up.
pub fn crowd(scenes: &mut Vec<Scene>, count: u32) -> Result<()> {
    let bodies: Vec<_> = Bodies::read()?.bodies.into_iter().map(|body| body.code).collect();
    let (days, places) = (DAYS.end - DAYS.start, u32::try_from(bodies.len())?);
    // The stories file as well, so that one a day is left to each body.
    let most = days * places * (EACH_MAX - 3);
    ensure!(count <= most, "the story has room for {most} more requests");
    for day in DAYS {
        let (first, end) = ((day - DAYS.start) * count / days, (day - DAYS.start + 1) * count / days);
        let bodies = bodies.clone();
        let play = Box::new(move |play: &mut super::stories::Play| {
            let stage = &mut play.stage;
            for number in first..end {
                let at = |number: u32| bodies.get((number % places) as usize).copied();
                let (Some(from), Some(to)) = (at(number), at(number + 1 + number / places % (places - 1))) else {
                    continue;
                };
                let filer = stage.cast.of(from, Role::Req)?;
                let start = london::date_of(stage.now).add_days(i64::from(number % 90));
                let days = Days { start, end: start.add_days(700) };
                let request = Request { paper: Paper::Planning, from, to, others: &[], days, filer };
                let deal = Deal::file(stage, &request)?;
                if number % 3 == 0 {
                    deal.triage(stage, to, true)?;
                }
            }
            Ok(())
        });
        scenes.push(Scene { day: i64::from(day), needs_time: false, play });
    }
    scenes.sort_by_key(|scene| scene.day);
    Ok(())
}
