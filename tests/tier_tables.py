"""Tests that the tiers treat by name: see tiers.py."""

# Few tests that take long: each one's next is in the next part, from this on.
# By chance alone a part could have several of them.
DEALT = {
    "diagnosis/test_generated_homes.py": {
        "test_each_of_many_generated_homes_is_only_looked_at": 1,
    },
    "keychains/test_grid.py": {"test_every_command_with_every_state": 1},
    "keychains/test_gnome_keyring.py": {
        "test_a_daemon_that_stops_at_any_call_hangs_and_loses_nothing": 5,
        "test_a_keyring_that_is_locked_anywhere_in_an_add": 4,
    },
    "faults/concurrency/test_switches.py": {
        "test_a_thousand_switches_sixteen_at_once": 1,
    },
    "faults/test_concurrent_logins.py": {
        "test_a_thousand_switches_lose_no_login": 1,
    },
    "switching/test_login_interleavings.py": {
        "test_hundreds_of_interleavings_lose_no_token": 1,
    },
    "faults/concurrency/test_mixed_commands.py": {
        "test_many_commands_lose_no_secret": 4,
    },
    "faults/concurrency/test_orphan_locks.py": {
        "test_a_lock_with_a_heartbeat_is_never_taken_over": 5,
    },
    "faults/concurrency/test_other_writers.py": {
        "test_many_turns_of_a_polite_writer_are_all_kept": 6,
        "test_rude_writers_for_long": 7,
    },
    "faults/full/test_limits.py": {
        "test_a_full_or_read_only_disk_leaves_the_old_state_or_the_new_one": 1,
        "test_a_limit_of_the_kernel_leaves_the_old_state_or_the_new_one": 2,
    },
    "faults/test_logins.py": {
        "test_a_second_kill_while_the_first_is_mended_loses_nothing": 5,
        "test_every_fault_leaves_the_old_login_or_the_new_one": 6,
        "test_other_layouts_of_the_files_are_as_safe": 7,
    },
    "fuzz/test_damaged_files.py": {
        "test_hundreds_of_damages_are_no_bugs_and_stop_nothing_for_good": 1,
    },
    "fuzz/test_command_lines.py": {
        "test_random_command_lines_end_well_however_many": 3,
    },
    "fuzz/test_names.py": {
        "test_names_are_those_of_the_rule_however_many": 4,
    },
    "shells/test_round_trip.py": {
        "test_nushell_gives_back_many_hostile_values": 5,
        "test_fish_gives_back_many_hostile_values": 6,
    },
}

# Tests of which one case is much like the next, or which take long: each
# commit tries every so many of their cases (0: none), the long tier the rest.
# "*" stands for the other tests of a file. A first case is tried always.
EVERY = {
    "cli/test_agents.py": {"*": 6},
    "cli/test_bad_input.py": {"*": 3},
    "cli/test_completion.py": {"*": 3},
    "cli/test_current.py": {"*": 3},
    "cli/test_doctor.py": {"*": 2},
    "cli/test_first_add.py": {
        "*": 3,
        "test_every_provider_is_added_from_nothing": 5,
        "test_every_question_can_be_left": 4,
    },
    "cli/test_here.py": {"*": 4},
    "cli/test_hostile_links.py": {"*": 4},
    "cli/test_hostile_settings.py": {"*": 3},
    "cli/test_hostile_values.py": {"*": 8},
    "cli/test_links.py": {"*": 2},
    "cli/test_odd_environments.py": {"*": 2},
    "cli/test_one_change.py": {
        "*": 4,
        "test_a_dry_run_names_the_files_that_change": 12,
    },
    "cli/test_other_folders.py": {"*": 2},
    "cli/test_other_use.py": {"*": 4},
    "cli/test_picker.py": {"*": 3},
    "cli/test_questions.py": {
        "*": 3,
        "test_a_question_is_left_on_a_new_line": 6,
    },
    "cli/test_repository_programs.py": {"*": 3},
    "cli/test_shell_keys.py": {"*": 3},
    "cli/test_subshell.py": {
        "*": 3,
        "test_a_signal_to_keyswitch_leaves_no_stray_shell": 5,
    },
    "cli/test_use_sessions.py": {"*": 2},
    "cli/test_waiting.py": {
        "*": 4,
        "test_a_reader_does_not_wait_for_a_change_of_another_command": 7,
        "test_what_only_looks_like_a_lock_is_named": 0,
    },
    "cli/test_whoami.py": {"*": 3},
    "diagnosis/test_generated_homes.py": {
        "test_a_generated_home_is_only_looked_at": 15,
        "test_a_start_file_with_an_endless_line_is_read_in_no_time": 3,
        "test_the_command_line_ends_a_generated_home_in_order": 6,
    },
    "diagnosis/test_resolver.py": {
        "test_every_further_observation_is_predicted": 4,
    },
    "faults/concurrency/test_many_shells.py": {
        "test_forty_shells_at_once_get_their_key": 2,
    },
    "faults/concurrency/test_other_writers.py": {
        "test_rude_writers_cost_tries_and_nothing_else": 2,
    },
    "faults/full/test_limits.py": {
        "test_nothing_goes_to_a_hostile_folder_for_temporary_files": 4,
    },
    "faults/test_commands.py": {
        "test_a_sample_of_faults_leaves_the_old_state_or_the_new_one": 13,
    },
    "faults/test_logins.py": {"test_a_sample_of_faults_loses_no_login": 8},
    "faults/test_power_loss.py": {
        "test_a_switch_survives_a_power_cut_at_some_of_its_calls": 0,
        "test_what_returned_0_is_on_the_disk": 4,
    },
    "faults/test_teeth.py": {"*": 3},
    "files/test_mounts.py": {"*": 3},
    "files/test_swaps.py": {
        "*": 3,
        "test_a_file_that_another_user_lets_come_and_go": 2,
    },
    "forks/test_like_a_process.py": {
        "*": 6,
        "test_a_command_does_the_same_in_a_fork_and_in_a_process": 3,
    },
    "fuzz/test_properties.py": {
        "test_only_typed_errors_leave_a_parser": 6,
        "test_the_editor_changes_no_byte_of_others": 2,
    },
    "fuzz/test_strictness.py": {
        "test_what_cannot_be_kept_is_refused_by_use": 12,
    },
    "keychains/test_gnome_keyring.py": {
        "test_a_daemon_that_stops_on_the_way_hangs_and_loses_nothing": 2,
    },
    "keychains/test_killed.py": {"test_a_sample_of_kills": 3},
    "keychains/test_no_second_best.py": {"*": 3},
    "leaks/test_arguments.py": {"*": 3},
    "leaks/test_outcomes.py": {
        "*": 3,
        "test_a_command_that_does_its_work": 8,
        "test_a_command_that_is_struck_in_the_middle": 16,
    },
    "leaks/test_terminal_text.py": {
        "*": 2,
        "test_text_in_a_file_is_not_printed_raw": 8,
    },
    "leaks/test_while_running.py": {
        "*": 3,
        "test_the_report_of_a_bug_holds_no_secret": 4,
    },
    "real/test_broken_homes.py": {
        "test_doctor_names_the_cause_and_what_it_says_mends_it": 10,
    },
    "real/test_directories.py": {
        "test_no_key_of_a_guarded_profile_is_sent_outside": 2,
    },
    "real/test_header_values.py": {
        "test_whoami_says_what_is_done_with_an_odd_value": 10,
    },
    "real/test_logins.py": {
        "test_a_console_login_takes_turns_with_a_subscription": 0,
        "test_a_renewal_by_a_run_with_a_key_is_kept": 0,
        "test_a_renewal_that_lasts_shorter_is_newer_all_the_same": 0,
        "test_a_renewed_login_stays_in_the_store_that_was_chosen": 0,
        "test_after_claude_codes_own_logout_what_is_said_is_true": 0,
        "test_answers_about_keys_are_the_persons_while_a_login_is_in_use": 0,
        "test_switching_back_and_forth_keeps_every_renewal": 0,
        "test_undoing_a_switch_keeps_the_renewal_in_between": 0,
    },
    "real/test_no_warning.py": {
        "test_it_starts_without_a_warning_and_sends_the_account": 3,
    },
    "real/test_other_accounts.py": {
        "test_a_locked_helper_lets_no_other_account_through": 4,
        "test_a_stored_login_is_not_sent_beside_the_account": 4,
        "test_env_removes_every_rival_of_the_shell": 4,
        "test_run_beats_what_the_settings_files_say": 2,
        "test_run_removes_every_rival_of_the_shell": 4,
    },
    "real/test_removed_program.py": {
        "test_the_helper_is_found_in_a_folder_of_any_name": 3,
    },
    "real/test_switching.py": {
        "*": 3,
        "test_eval_of_env_makes_claude_code_send_the_account": 8,
        "test_off_gives_the_files_and_the_old_account_back": 5,
        "test_run_makes_claude_code_send_the_account": 2,
        "test_temporary_bedrock_keys_are_sent_with_their_session_token": 0,
    },
    "secrets/test_cache_lifetime.py": {
        "test_without_a_cache_of_values_each_read_asks_the_keychain": 4,
    },
    "secrets/test_vault_limits.py": {
        "*": 3,
        "test_no_salt_repeats_in_a_hundred_thousand_seals": 0,
    },
    "shells/test_cut_short.py": {
        "test_a_prefix_sets_nothing_in_a_posix_shell": 16,
    },
    "shells/test_hook_neighbours.py": {
        "*": 3,
        "test_options_that_people_set_change_nothing": 16,
    },
    "shells/test_hook_scripts.py": {
        "*": 3,
        "test_text_cut_at_any_byte_defines_nothing": 0,
    },
    "shells/test_hook_sessions.py": {"*": 3},
    "shells/test_hook_strace.py": {"*": 2},
    "shells/test_no_delivery.py": {"*": 3},
    "shells/test_readonly.py": {
        "test_nothing_changes_and_one_line_says_why": 3,
    },
    "shells/test_restore.py": {
        "*": 9,
    },
    "shells/test_round_trip.py": {
        "test_posix_shells_do_so_in_a_byte_locale": 3,
        "test_posix_shells_give_back_hostile_values": 9,
    },
    "shells/test_whose_value.py": {"*": 3},
    "switching/test_login_keychain.py": {
        "test_a_kill_at_the_write_loses_nothing": 4,
        "test_a_renewal_at_any_time_is_kept": 3,
    },
    "transfer/test_bundle.py": {"test_every_flipped_bit_is_noticed": 0},
}
