"""Which test holds each rule of wire §13 and each row of §17 and §18; what this code cannot meet, and why."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

RULES = {
    1: "tradingview/test_client.py::test_rule_1_a_read_without_an_answer_in_time_is_trouble",
    2: "tradingview/test_response_errors.py::test_rule_2_a_429_is_slow_down_whatever_its_body",
    3: "tradingview/test_response_errors.py::test_rule_3_a_redirect_is_session_and_never_success",
    4: "tradingview/test_response_errors.py::test_rule_4_a_5xx_is_upstream",
    5: "tradingview/test_response_errors.py::test_rule_5_a_403_is_denied_until_a_probe_tells_more",
    6: "tradingview/test_response_errors.py::test_rule_6_an_unknown_user_is_told_by_its_code",
    7: "tradingview/test_response_errors.py::test_rule_7_a_422_that_mentions_the_pine_id_is_no_such_script",
    8: "tradingview/test_client.py::test_rule_8_a_refused_page_size_starts_again_without_one",
    9: "tradingview/test_response_errors.py::test_rule_9_any_other_4xx_is_refused_with_code_and_detail",
    10: "tradingview/test_parsing.py::test_rule_10_any_other_word_is_uncertain",
}

OPEN = "access/sync/test_open_questions.py::"
QUESTIONS = {
    1: OPEN + "test_question_1_whatever_the_filter_finds_the_right_row_is_taken",
    2: OPEN + "test_question_2_only_the_canonical_spelling_is_sent",
    3: OPEN + "test_question_3_add_on_a_row_is_never_taken_for_a_renewal",
    4: OPEN + "test_question_4_a_change_that_meets_no_row_becomes_a_new_row",
    5: OPEN + "test_question_5_a_lifetime_that_takes_no_date_is_never_called_done",
    6: OPEN + "test_question_6_a_lifetime_that_does_not_show_is_never_called_done",
    7: OPEN + "test_question_7_removing_somebody_who_is_gone_is_done",
    8: OPEN + "test_question_8_only_whole_future_moments_are_sent",
    9: OPEN + "test_question_9_a_rounded_date_is_done_and_taken_as_it_stands",
    10: OPEN + "test_question_10_a_page_size_that_is_refused_is_dropped",
    11: "access/sweeps/test_sweep.py::test_absent_counts_only_after_a_read_by_name_too",
    12: OPEN + "test_question_12_an_ended_row_may_be_gone",
    13: OPEN + "test_question_13_a_refused_script_waits_with_tradingviews_words_and_keeps_orders",
    14: OPEN + "test_question_14_a_dead_login_is_known_in_every_form",
    15: "tradingview/test_limiter_rate.py::test_nine_tenths_of_the_limit_are_used_from_the_first_request_on",
    16: "access/logins/test_renewal.py::test_a_renewed_pair_is_used_stored_and_hidden_from_the_log",
    17: OPEN + "test_question_17_a_login_without_sign_works_where_it_may",
    18: OPEN + "test_question_18_add_has_the_last_word_on_a_name_that_is_not_suggested",
    19: "tradingview/test_signin.py::test_an_unknown_error_counts_as_a_wrong_password_even_with_cookies",
    20: "access/catalogue/test_discovery.py::test_managed_scripts_are_crossed_with_the_published_ones",
    21: OPEN + "test_question_21_a_renewal_follows_the_person_to_a_new_name",
    22: "access/rules/test_seat_fee.py::test_each_reading_of_the_terms_has_its_figure",
    23: OPEN + "test_question_23_a_list_that_lags_is_looked_at_again",
    24: "tradingview/test_wire.py::test_an_end_of_another_zone_is_sent_in_utc",
}

PROMISES = "access/orders/test_promises.py::"
TRAPS = {
    1: PROMISES + "test_a_lapsed_customer_that_tradingview_still_lists_is_really_renewed",
    2: OPEN + "test_trap_2_a_trial_that_becomes_paid_does_not_end_with_the_trial",
    3: PROMISES + "test_a_lapsed_customer_that_tradingview_still_lists_is_really_renewed",
    4: PROMISES + "test_time_left_is_kept",
    5: PROMISES + "test_an_answer_lost_after_the_write_extends_once",
    6: "tradingview/test_wire.py::test_a_missing_end_is_an_error_and_never_lifetime",
    7: OPEN + "test_question_5_a_lifetime_that_takes_no_date_is_never_called_done",
    8: OPEN + "test_trap_8_a_date_is_changed_without_ever_removing",
    11: "access/rules/test_seat_fee.py::test_the_fee_is_a_cliff_at_101",
    12: "access/sweeps/test_drift.py::test_taking_access_from_many_asks_a_second_time_with_the_number",
    13: "tradingview/test_client.py::test_no_row_is_said_only_after_the_last_page",
    14: "tradingview/test_wire.py::test_a_listing_asks_for_thirty_newest_first",
    15: "tradingview/test_parsing.py::test_a_row_whose_end_has_passed_is_not_live",
    16: "tradingview/test_parsing.py::test_an_unknown_form_is_trouble_and_never_an_empty_list",
    17: "tradingview/test_client.py::test_a_page_full_of_large_pictures_fits",
    19: "tradingview/test_client.py::test_a_row_is_found_by_exact_name_whatever_the_case",
    20: "access/catalogue/test_discovery.py::test_no_scripts_is_believed_only_of_a_login_just_shown_alive",
    21: "web/test_app.py::test_an_outage_is_never_invalid",
    22: "access/catalogue/test_scripts.py::test_archiving_removes_nobody",
    23: "tradingview/test_every_answer.py::test_each_known_word_of_a_write_is_returned",
    24: "tradingview/test_response_errors.py::test_rule_6_words_in_a_detail_are_not_a_code",
    25: "tradingview/test_parsing.py::test_rule_10_three_words_are_known",
    26: OPEN + "test_question_16_a_dead_login_is_never_signed_in_again_by_itself",
    27: "tradingview/test_signin.py::test_provisional_cookies_are_never_returned_as_a_login",
    28: OPEN + "test_trap_28_starting_again_uses_the_stored_login_and_signs_in_nowhere",
    29: "tradingview/test_signin.py::test_a_code_keeps_its_leading_zeros",
    30: "access/logins/test_sessions.py::test_cookies_are_hidden_from_logs_before_use_and_nowhere_readable",
    31: "tradingview/test_client.py::test_the_three_writes_have_their_paths",
    32: "tradingview/test_wire.py::test_ends_are_cut_to_milliseconds_never_moved_forward",
    33: OPEN + "test_question_21_a_renewal_follows_the_person_to_a_new_name",
    34: "test_settings.py::test_what_cannot_work_is_refused",
}

CANNOT_MEET = {
    9: "nobody is charged by this program",
    10: "no payment hook reaches it yet; an order is recorded before anything is asked of TradingView",
    18: "one client and one reader, so there are no two names for one field",
}


def names_in(path):
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize(
    ("table", "last"), [(RULES, 10), (QUESTIONS, 24), ({**TRAPS, **CANNOT_MEET}, 34)]
)
def test_no_number_is_left_out(table, last):
    assert sorted(table) == list(range(1, last + 1))
    assert not set(TRAPS) & set(CANNOT_MEET)


@pytest.mark.parametrize("where", sorted({*RULES.values(), *QUESTIONS.values(), *TRAPS.values()}))
def test_each_of_them_is_there(where):
    path, _, name = where.partition("::")
    assert name in names_in(path)
