"""The outsider's header and its clock, against what the contract prints: written out by hand."""

import copy
import unittest
from datetime import date, datetime, timedelta, timezone
from types import SimpleNamespace

import agreement as life
import header
import lawful
import london
import reference
import terms
from directory import Directory, Organisation

TODAY = date(2026, 11, 2)
LATER = "2027-08-29"
BOROUGH = {"caldicott_required": True, "competent_authority": {"basis": "S30_1B"}, "public_authority": True}
LISTS, POLICIES = reference.manifest()
REFERENCE = reference.Reference({"code_lists": LISTS, "policies": POLICIES})


def bodies(**changed):
    """Every body of the stories: a borough of governance FULL, unless changed."""
    usual = {code: (BOROUGH, "FULL", []) for code in ("CMD", "HCK", "CRY", "MPS", "TWH", "LFC")}
    return usual | changed


def derived(document, rows, **changed):
    return header.derive(terms.plain(document), rows, bodies(**changed), REFERENCE)


def roles(found, code):
    """The roles that a party owes, as `KIND ROLE`."""
    row = next(p for p in found["parties"] if p["organisation"] == code)
    return [f"{need['kind']} {need['role']}" for need in row["required_roles"]]


class Headers(unittest.TestCase):
    def test_the_header_of_the_main_story_is_this_one(self):
        needs = [("ADVICE", "DPO"), ("APPROVAL", "IAO"), ("EXECUTION", "SIG")]
        party = lambda code, capacity, gate, use: {
            "article6": ["E"], "capacity": capacity, "functions": ["CHILD_SC"], "gateways": [{"code": gate, "use": [use]}],
            "legal_role": "CONTROLLER", "organisation": code, "regime": "UKGDPR",
            "required_roles": [{"kind": kind, "role": role} for kind, role in needs],
        }
        self.assertEqual(derived(terms.document(TODAY), terms.parties()), {
            "agreement_type": "C2C",
            "code_lists": {row["id"]: row["version"] for row in LISTS},
            "datasets": [{
                "class": "PD", "frequency": "AD_HOC", "ids": ["DS-1"], "method": "PORTAL", "provider": 2, "recipients": [1],
                "retention": {"end_action": "DESTROY", "period": "P1Y", "start": "FROM_RECEIPT"},
            }],
            "dpia": {"date": "2026-11-02", "residual": "LOW", "status": "DONE"},
            "effective_date": "2026-11-02", "end_date": LATER, "execution_form": "SIMPLE_CONTRACT", "formation": "ALL",
            "lead_party": "HCK", "notice_days": 0,
            "parties": [party("CMD", "RECIPIENT", "CA89-47", "RECEIVE"), party("HCK", "PROVIDER", "CA89-27", "DISCLOSE")],
            "policies": {row["id"]: row["version"] for row in POLICIES},
            "publication": {"register": "PUBLISH"}, "review_date": LATER, "security_class": "OFFICIAL",
            "sharing_mode": "ON_REQUEST",
        })

    def test_members_at_their_default_are_left_out(self):
        found = derived(terms.document(TODAY, notice_days=30, non_adopter_rule="BLOCK", amendment_quorum="ALL"), terms.parties())
        for name in ("notice_days", "non_adopter_rule", "amendment_quorum", "automated_decisions", "transfers"):
            self.assertNotIn(name, found)

    def test_equal_rows_of_datasets_are_one(self):
        rows = derived(terms.special(TODAY), terms.special_parties())["datasets"]
        self.assertEqual([row["ids"] for row in rows], [["DS-1", "DS-2"]])
        self.assertEqual(rows[0]["flags"], ["ADULT_SC", "CONFIDENTIAL"])

    def test_care_data_ask_for_the_risk_owner_and_the_guardian(self):
        found = derived(terms.special(TODAY), terms.special_parties())
        self.assertEqual(roles(found, "HCK"), ["ADVICE DPO", "APPROVAL CG", "APPROVAL IAO", "APPROVAL SIRO", "EXECUTION SIG"])

    def test_a_recipient_without_a_guardian_has_its_risk_owner_instead(self):
        found = derived(terms.special(TODAY), terms.special_parties(), CMD=({}, "FULL", []))
        self.assertEqual(roles(found, "CMD"), ["ADVICE DPO", "APPROVAL IAO", "APPROVAL SIRO", "EXECUTION SIG"])

    def test_open_data_ask_the_publisher_alone(self):
        found = derived(terms.open_data(TODAY), terms.publisher())
        self.assertEqual(roles(found, "CMD"), ["APPROVAL IAO", "APPROVAL OPN", "EXECUTION SIG"])
        self.assertEqual((found["datasets"][0]["recipients"], "end_date" in found), ([], False))

    def test_a_common_law_power_needs_a_legal_opinion_of_its_holder(self):
        found = derived(terms.police(TODAY), terms.police_parties())
        usual = ["ADVICE DPO", "APPROVAL LEO", "APPROVAL SIRO", "EXECUTION SIG"]
        self.assertEqual((roles(found, "CRY"), roles(found, "MPS")), (usual, ["ADVICE DPO", "ADVICE LGL", *usual[1:]]))

    def test_in_an_emergency_the_risk_owner_approves_and_executes(self):
        found = derived(terms.emergency(TODAY), terms.emergency_parties(), LFC=({}, "FULL", []))
        self.assertEqual(roles(found, "LFC"), ["APPROVAL SIRO", "EXECUTION SIRO"])
        self.assertEqual(roles(found, "TWH"), ["APPROVAL CG", "APPROVAL SIRO", "EXECUTION SIRO"])

    def test_under_light_others_stand_in_but_not_for_what_a_body_asks_of_itself(self):
        found = derived(terms.special(TODAY), terms.special_parties(), CMD=({}, "LIGHT", ["SEC"]))
        self.assertEqual(roles(found, "CMD"), ["ADVICE DPO", "APPROVAL CEX", "APPROVAL IGL", "APPROVAL SEC", "EXECUTION SIG"])

    def test_high_risk_asks_for_the_risk_owner_and_an_opinion(self):
        document = terms.document(TODAY, transfers={"mechanism": "ADEQUATE", "countries": ["FR", "DE"]})
        found = derived(document, terms.parties())
        self.assertEqual((found["transfers"], found["countries"]), ("ADEQUATE", ["DE", "FR"]))
        self.assertEqual(roles(found, "CMD"), ["ADVICE DPO", "ADVICE LGL", "APPROVAL IAO", "APPROVAL SIRO", "EXECUTION SIG"])

    def test_a_header_holds_the_class_that_is_claimed_and_v66_judges_it(self):
        document = copy.deepcopy(terms.plain(terms.open_data(TODAY)))
        document["datasets"][0]["fields"][0]["name"] = "Vehicle_registration"
        self.assertEqual(header.derive(document, terms.publisher(), bodies(), REFERENCE)["datasets"][0]["class"], "NP-O")


class Offences(unittest.TestCase):
    """V-41 and V-43: a condition of Schedule 1 or official authority of each controller."""

    def told(self, data_class="CO", rows=None, **members):
        document = terms.plain(terms.document(TODAY, **members))
        document["datasets"][0]["data_class"] = data_class
        found = header.derive(document, rows or terms.parties(), bodies(), REFERENCE)
        return lawful.offences(header.Header(found), document, REFERENCE)

    def test_each_controller_has_a_condition_or_authority(self):
        for sch1, authority, expected in [
            ({}, {}, ["V-41"]),
            ({"CMD": [2]}, {}, ["V-41"]),
            ({"CMD": [2], "HCK": [37]}, {}, []),
            ({"CMD": [5], "HCK": [2]}, {}, ["V-41"]),
            ({"CMD": [2]}, {"HCK": "The Act"}, []),
            ({}, {"CMD": "The Act", "HCK": "The Act"}, []),
            ({}, {"CMD": "The Act", "HCK": " "}, ["V-43"]),
            ({}, {"HCK": " "}, ["V-41", "V-43"]),
        ]:
            with self.subTest(sch1=sch1, authority=authority):
                self.assertEqual(self.told(sch1_condition=sch1, official_authority=authority), expected)

    def test_other_data_and_those_who_decide_nothing_need_none(self):
        self.assertEqual(self.told("PD"), [])
        processing = [{**terms.parties()[0], "legal_role": "PROCESSOR"}, terms.parties()[1]]
        self.assertEqual(self.told(rows=processing, sch1_condition={"HCK": [2]}), [])
        self.assertEqual(self.told(rows=processing, sch1_condition={"CMD": [2]}), ["V-41"])


class Newcomers(unittest.TestCase):
    """Whom an open amendment would bring in."""

    def setUp(self):
        value = derived(terms.document(TODAY), terms.parties())
        first = life.Version(1, "1" * 64, header.Header(value), "CMD", "")
        self.agreement = life.Agreement("agr:x", "V", current=first)
        self.agreement.parties = {code: life.Party("x") for code in ("CMD", "HCK")}
        row = {**value["parties"][0], "organisation": "ISL"}
        self.second = life.Version(2, "2" * 64, header.Header({**value, "parties": [*value["parties"], row]}), "CMD", "")
        self.agreement.amendment = life.Amendment(self.second, "M3", "CMD")
        self.agreement.follow_amendment()

    def sign(self, code):
        for kind, role in [("AdviceGiven", "DPO"), ("ApprovalGiven", "IAO"), ("ExecutionSigned", "SIG")]:
            self.agreement.signatures.append(life.Signature(f"{code}{role}", kind, code, role, f"PER-{code}{role}", self.second.hash, utc(2026, 12, 1)))

    def test_it_is_waited_for_and_is_a_party_when_it_takes_effect(self):
        self.assertTrue(self.agreement.is_bilateral())
        for code in ("CMD", "HCK"):
            self.sign(code)
        self.assertFalse(self.agreement.is_adopted())
        self.sign("ISL")
        self.assertTrue(self.agreement.is_adopted())
        self.agreement.switch()
        self.assertEqual((self.agreement.parties["ISL"].state, self.agreement.coming, self.agreement.version), ("x", set(), 2))
        self.assertFalse(self.agreement.is_bilateral())

    def test_it_never_was_a_party_when_the_amendment_is_dropped(self):
        self.agreement.drop_amendment()
        self.assertEqual(set(self.agreement.parties), {"CMD", "HCK"})


def utc(*parts):
    return datetime(*parts, tzinfo=timezone.utc)


class Clock(unittest.TestCase):
    """What time alone brings about, one millisecond before and at its instant."""

    def setUp(self):
        organisations = {code: Organisation(code, "LONDON_BOROUGH", BOROUGH, "FULL", []) for code in ("CMD", "HCK")}
        self.book = Directory(organisations=organisations, reference=REFERENCE)
        term = {"effective_date": "2027-03-28", "end_date": "2027-10-31"}
        value = derived(terms.document(TODAY, notice_days=30, term=term), terms.parties())
        self.agreement = life.Agreement("agr:x", current=life.Version(1, "0" * 64, header.Header(value), "CMD", ""), moved_at=utc(2026, 11, 2, 10))
        self.agreement.parties = {"CMD": life.Party(), "HCK": life.Party()}

    def at(self, when):
        found = copy.deepcopy(self.agreement)
        found.settle(when, self.book)
        return found

    def turns(self, when, before, after):
        """The state changes at this instant and not a millisecond earlier."""
        self.assertEqual((self.at(when - timedelta(milliseconds=1)).state, self.at(when).state), (before, after))

    def test_a_request_that_nobody_moves_lapses_after_ninety_days(self):
        for state in "FC":
            self.agreement.state = state
            self.turns(utc(2027, 1, 31, 10), state, "L")

    def test_a_version_lapses_when_signing_closes(self):
        self.agreement.state, self.agreement.approve_by = "A", london.ends(date(2026, 12, 1))
        self.turns(utc(2026, 12, 2), "A", "L")

    def _bound(self, state, activates=utc(2027, 3, 28)):
        self.agreement.state, self.agreement.activates_at = state, activates
        for party in self.agreement.parties.values():
            party.state = "x"

    def test_it_starts_on_its_day_and_ends_after_its_last_in_london(self):
        self._bound("P")
        # 28 March 2027 begins in winter time; 31 October ends in winter time again.
        self.turns(utc(2027, 3, 28), "P", "V")
        self.turns(utc(2027, 11, 1), "V", "X")

    def test_a_summer_day_begins_an_hour_earlier_in_utc(self):
        self._bound("P", london.midnight(date(2027, 6, 1)))
        self.turns(utc(2027, 5, 31, 23), "P", "V")

    def test_a_notice_that_runs_out_ends_a_bilateral_agreement(self):
        for state in "VS":
            self._bound(state)
            self.agreement.parties["CMD"] = life.Party("l", utc(2027, 4, 30, 23))
            self.turns(utc(2027, 4, 30, 23), state, "X")
            self.assertEqual(self.at(utc(2027, 5, 1)).parties["CMD"].state, "o")

    def test_a_notice_that_would_run_out_after_the_end_changes_no_row(self):
        self._bound("V")
        self.agreement.parties["CMD"] = life.Party("l", utc(2027, 12, 1))
        self.assertEqual(self.at(utc(2028, 1, 1)).parties["CMD"].state, "l")

    def test_a_party_suspended_for_itself_is_still_bound(self):
        self._bound("V")
        self.agreement.parties["CMD"].state = "p"
        self.assertEqual(self.at(utc(2027, 5, 1)).state, "V")

    def test_a_body_that_leaves_the_ledger_leaves_its_agreements(self):
        self.book.organisations["CMD"].left_at = utc(2027, 5, 1)
        self._bound("V")
        self.turns(utc(2027, 5, 1), "V", "X")
        self.agreement.state, self.agreement.parties["CMD"].state = "F", "s"
        self.agreement.moved_at = utc(2027, 4, 30)
        self.assertEqual(self.at(utc(2027, 5, 1)).parties["CMD"].state, "d")

    def test_a_ground_of_one_among_many_lapses_unless_another_confirms_it(self):
        self._bound("S")
        self.agreement.parties["ISL"] = life.Party("x")
        self.book.organisations["ISL"] = SimpleNamespace(left_at=None)
        self.agreement.header.value["parties"].append({**self.agreement.header.row("CMD"), "organisation": "ISL"})
        opened = utc(2027, 5, 1)
        self.agreement.grounds = {"a": life.Ground("CMD", "REGULATOR", "WHOLE", opened)}
        self.turns(opened + timedelta(days=10), "S", "V")
        self.agreement.grounds["b"] = life.Ground("ISL", "REGULATOR", "PARTY", opened)
        self.assertEqual(self.at(opened + timedelta(days=11)).state, "S")


if __name__ == "__main__":
    unittest.main()
