//! One suite, run against both stores.

mod arrivals;
mod common;
mod cursor;
mod dice;
mod folding;
mod linking;
mod outage;
mod people;
mod purging;
mod reading;
mod searching;

use common::World;

/// Runs each case on SQLite and, where it is installed, on PostgreSQL.
macro_rules! on_both {
    ($($module:ident::$case:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                crate::$module::$case(&crate::World::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                let Some(world) = crate::World::postgres().await else { return };
                crate::$module::$case(&world).await;
            })*
        }
    };
}

on_both! {
    arrivals::arrivals_come_by_the_seq_of_their_first_showing,
    arrivals::what_was_known_at_a_moment_is_told_from_what_came_later,
    arrivals::what_is_filed_to_no_talk_is_counted_within_its_time,
    cursor::cursor_moves_only_from_where_the_writer_believed_it,
    cursor::failure_between_rows_and_cursor_leaves_neither,
    cursor::two_writers_never_archive_an_entry_twice,
    cursor::write_survives_a_caller_that_goes_away,
    cursor::readdressed_cursor_fails_an_open_batch,
    cursor::schema_of_a_newer_program_is_refused_with_a_sentence,
    cursor::preparing_twice_changes_nothing,
    folding::archive_equals_a_fold_of_the_ledger_from_zero,
    folding::rebuild_replaces_what_was_there_at_once,
    folding::failed_rebuild_leaves_the_old_archive,
    folding::removed_words_are_in_no_column,
    folding::items_that_live_only_are_never_stored,
    folding::what_its_network_hides_loses_its_words_and_comes_back_with_them,
    folding::difference_is_told,
    folding::nul_and_odd_characters_are_kept,
    people::the_first_owner_is_one_and_the_last_one_stays,
    people::an_account_is_found_by_its_name_with_what_it_may,
    people::a_link_works_once_and_until_it_ends,
    people::log_ins_end_when_they_are_ended,
    people::every_change_that_is_remembered_moves_the_version,
    people::capability_links_are_kept_by_event_and_change_their_token,
    people::the_audit_log_tells_each_event_apart_and_is_undone_once,
    people::rebuilding_the_archive_leaves_people_alone,
    people::two_who_become_the_first_owner_at_once_are_one,
    purging::what_was_removed_leaves_the_disk,
    reading::pages_follow_each_other_without_holes_in_both_orders,
    reading::scopes_find_their_own_items_only,
    reading::every_script_is_found_by_its_words,
    reading::changed_after_tells_a_late_reader_everything,
    reading::counts_add_up,
    reading::lists_come_back_as_they_were_said,
    reading::versions_are_numbered_and_come_newest_first,
    reading::events_are_kept_apart,
    searching::everything_that_narrows_narrows,
    searching::phrases_stand_side_by_side_within_one_field,
    searching::time_bounds_hold_to_the_microsecond,
    searching::pages_neither_skip_nor_repeat_while_posts_come_in,
    searching::a_word_that_was_taken_out_is_not_found,
    searching::what_cannot_be_typed_in_earnest_finds_nothing_and_breaks_nothing,
    searching::words_of_long_ago_are_found_behind_a_thousand_others,
    linking::links_are_ranked_by_distinct_people,
    linking::links_follow_their_items,
    linking::sums_of_links_are_those_of_the_items,
    linking::archive_of_an_older_program_is_filled_from_its_items,
}
