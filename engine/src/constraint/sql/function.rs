//! Functions that act: a query that calls one of them is more than a query.
//!
//! What it doesn't see: functions that users, extensions and vendors of forks have made. Nobody can know what they do, so
//! they are taken for harmless; who may call them is the database's business. Models that a warehouse brings along cost
//! money and change nothing: they aren't here, but for those that can be pointed anywhere.

use super::dialect::{Dialect, Family};

/// Functions that do the same kind of thing.
#[derive(Debug)]
pub(super) struct Acting {
    family: Family,
    /// The end of "it …".
    pub(super) acts: &'static str,
    /// In small letters; `*` stands for any run of characters, once on each side of a dot. What has a dot is in a package.
    names: &'static [&'static str],
}

const fn acting(family: Family, acts: &'static str, names: &'static [&'static str]) -> Acting {
    Acting { family, acts, names }
}

/// What a policy calls Hive's and Spark's `TRANSFORM … USING 'program'`.
pub(super) const SCRIPT: &str = "transform using";
/// The one program of it that does nothing.
pub(super) const PASSES: [&str; 2] = ["'cat'", "\"cat\""];

/// Every function that is known to act.
pub(super) const ACTING: &[Acting] = &[
    acting(Family::Any, "moves a sequence", &["nextval", "setval"]),
    acting(
        Family::Postgres,
        "reads or writes files or large objects on the server",
        &[
            "pg_read_*",
            "pg_ls_*",
            "pg_stat_file",
            "pg_file_*",
            "pg_logdir_ls",
            "pg_current_logfile",
            "lo_*",
            "lowrite",
            "loread",
        ],
    ),
    acting(
        Family::Postgres,
        "reaches another server",
        &[
            "dblink*",
            "postgres_fdw_*",
            "http",
            "http_get",
            "http_post",
            "http_put",
            "http_patch",
            "http_delete",
            "http_head",
            "aws_s3.*",
            "aws_lambda.*",
            "azure_storage.*",
        ],
    ),
    acting(
        Family::Postgres,
        "runs a text as SQL that isn't judged",
        &[
            "query_to_*",
            "cursor_to_*",
            "ts_stat",
            "ts_rewrite",
            "xpath_table",
            "crosstab*",
            "connectby",
            "cron.*",
            "cypher",
            "run_command_on_*",
        ],
    ),
    acting(
        Family::Postgres,
        "reads whole tables that it is told by name",
        &["table_to_*", "schema_to_*", "database_to_*"],
    ),
    acting(
        Family::Postgres,
        "acts on the server, on sessions or on settings",
        &[
            "pg_terminate_backend",
            "pg_cancel_backend",
            "pg_reload_conf",
            "pg_rotate_logfile*",
            "pg_promote",
            "pg_switch_*",
            "pg_create_*",
            "pg_drop_*",
            "pg_copy_*",
            "pg_replication_*",
            "pg_logical_*",
            "pg_start_backup",
            "pg_stop_backup",
            "pg_backup_*",
            "pg_wal_replay_*",
            "pg_xlog_replay_*",
            "pg_stat_reset*",
            "pg_stat_statements_reset",
            "pg_notify",
            "pg_prewarm",
            "pg_advisory_*",
            "pg_try_advisory_*",
            "pg_sleep*",
            "pg_export_snapshot",
            "pg_log_*",
            "pg_import_*",
            "pg_restore_*",
            "pg_clear_*",
            "pg_set_*",
            "pg_sync_*",
            "pg_truncate_*",
            "pg_nextoid",
            "pg_buffercache_evict*",
            "heap_force_*",
            "brin_summarize_*",
            "brin_desummarize_*",
            "gin_clean_pending_list",
            "set_config",
            "binary_upgrade_*",
            "pg_extension_config_dump",
            "pg_stop_making_pinned_objects",
            "pg_terminate_session",
            "autoprewarm_*",
            "addgeometrycolumn",
            "dropgeometry*",
            "updategeometrysrid",
            "populate_geometry_columns",
            "create_distributed_table",
            "create_hypertable",
            "add_job",
            "run_job",
            "pgmq.*",
            "drop_chunks",
            "sys_eval",
            "sys_exec",
        ],
    ),
    acting(
        Family::Mysql,
        "reads files, runs programs, takes locks or holds the session",
        &[
            "load_file",
            "sys_exec",
            "sys_eval",
            "sys_get",
            "sys_set",
            "get_lock",
            "release_lock",
            "release_all_locks",
            "sleep",
            "benchmark",
            "master_pos_wait",
            "master_gtid_wait",
            "source_pos_wait",
            "wait_for_executed_gtid_set",
            "wait_until_sql_thread_after_gtids",
            "http_get",
            "http_post",
            "keyring_key_*",
            "asynchronous_connection_failover_*",
            "group_replication_*",
            "audit_log_*",
            "set_firewall_*",
            "read_firewall_*",
            "mysql_firewall_*",
            "gen_dictionary*",
            "version_tokens_*",
            "service_get_write_locks",
        ],
    ),
    acting(
        Family::Sqlite,
        "loads code, or reads or writes files",
        &[
            "load_extension",
            "readfile",
            "writefile",
            "edit",
            "fts3_tokenizer",
            "fsdir",
            "lsdir",
            "zipfile",
            "eval",
            "sqlite_dbpage",
            "optimize",
            "pragma_optimize",
        ],
    ),
    acting(
        Family::Mssql,
        "reaches files or other servers, or runs programs",
        &[
            "openrowset",
            "opendatasource",
            "openquery",
            "fn_get_audit_file",
            "fn_xe_file_target_read_file",
            "fn_trace_gettable",
            "fn_dump_dblog*",
            "dm_os_file_exists",
            "dm_os_enumerate_filesystem",
            "xp_*",
            "sp_*",
        ],
    ),
    acting(
        Family::Snowflake,
        "acts on the account or gives out its files",
        &["system$*", "get_presigned_url"],
    ),
    acting(Family::Snowflake, "runs a text as SQL that isn't judged", &["to_query"]),
    acting(Family::Bigquery, "runs SQL on another database", &["external_query"]),
    acting(
        Family::Hive,
        "calls code, a model or another server",
        &[
            "reflect",
            "reflect2",
            "try_reflect",
            "java_method",
            "ai_query",
            "http_request",
            "remote_query",
            "in_file",
            "secret",
            "try_secret",
            "read_kafka",
            "read_kinesis",
            "read_pubsub",
            "read_pulsar",
        ],
    ),
    acting(
        Family::Clickhouse,
        "reaches files, programs or other servers",
        &[
            "url",
            "urlcluster",
            "file",
            "filecluster",
            "s3",
            "s3cluster",
            "gcs",
            "oss",
            "cosn",
            "hdfs",
            "hive",
            "hascolumnintable",
            "hdfscluster",
            "azureblobstorage*",
            "executable",
            "remote",
            "remotesecure",
            "mysql",
            "postgresql",
            "mongodb",
            "redis",
            "sqlite",
            "jdbc",
            "odbc",
            "iceberg*",
            "deltalake*",
            "hudi*",
            "paimon*",
            "ytsaurus",
            "arrowflight",
            "input",
            "catboostevaluate",
        ],
    ),
    acting(Family::Hive, "runs a program on the cluster", &[SCRIPT]),
    acting(Family::Clickhouse, "holds the session", &["sleep", "sleepeachrow"]),
    acting(
        Family::Clickhouse,
        "reads tables that it is told by name",
        &["merge", "joinget", "joingetornull"],
    ),
    acting(Family::Clickhouse, "moves a counter", &["generateserialid"]),
    acting(
        Family::Duckdb,
        "reads files, URLs or other databases",
        &[
            "read_*",
            "parquet_*",
            "sniff_csv",
            "glob",
            "sqlite_*",
            "postgres_*",
            "mysql_*",
            "delta_scan",
            "iceberg_*",
            "ducklake_*",
            "st_read*",
            "arrow_scan*",
            "pandas_scan",
            "python_*",
            "histogram_values",
            "scan_arrow_ipc",
            "duckdb_secrets",
            "which_secret",
            "load_aws_credentials",
            "http_*",
            "getenv",
        ],
    ),
    acting(
        Family::Duckdb,
        "runs a text as SQL that isn't judged",
        &["query", "query_table", "json_execute_serialized_sql", "from_substrait*"],
    ),
    acting(
        Family::Duckdb,
        "acts on the database, its log or its session",
        &[
            "checkpoint",
            "force_checkpoint",
            "write_log",
            "enable_logging",
            "disable_logging",
            "truncate_duckdb_logs",
            "enable_profil*",
            "disable_profil*",
            "register_external_*",
            "deregister_external_*",
            "create_external_*",
            "destroy_external_*",
            "sleep_ms",
            "pg_sleep",
        ],
    ),
    acting(
        Family::Oracle,
        "reaches files or other servers, or runs what it is told",
        &[
            "dbms_*.*",
            "utl_file.*",
            "utl_http.*",
            "utl_smtp.*",
            "utl_tcp.*",
            "utl_mail.*",
            "utl_inaddr.*",
            "utl_dbws.*",
            "httpuritype*",
            "ftpuritype*",
            "dburitype*",
            "xdburitype*",
            "httpuritype.*",
            "urifactory.*",
            "bfilename",
            "apex_*.*",
            "ctx_*.*",
            "owa_*.*",
            "htp.*",
            "ctxsys.*",
            "ordsys.*",
            "kupp$*.*",
        ],
    ),
    acting(Family::Oracle, "runs SQL that isn't judged", &["sys_dburigen"]),
];

/// Functions that act by their first argument alone, a query which they run: where it is a plain string, it can be judged.
/// Of the last ones it must be the only argument, since another one would be a query too.
const RUNNING: &[(Family, &[&str])] = &[
    (Family::Postgres, &["query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "ts_stat"]),
    (Family::Oracle, &["dbms_xmlgen.getxml", "dbms_xmlgen.getxmltype", "dbms_xmlgen.newcontext"]),
];
const RUNNING_ALONE: &[(Family, &[&str])] =
    &[(Family::Postgres, &["crosstab*"]), (Family::Duckdb, &["query"])];

/// Oracle's packages that compute and don't act.
const HARMLESS: &[&str] = &[
    "dbms_random",
    "dbms_lob",
    "dbms_utility",
    "dbms_metadata",
    "dbms_crypto",
    "dbms_rowid",
    "dbms_xplan",
    "dbms_assert",
];

/// Snowflake's system functions that only tell something.
const TELLING: &[&str] = &[
    "system$typeof",
    "system$clustering_*",
    "system$estimate_*",
    "system$stream_has_data",
    "system$stream_get_table_timestamp",
    "system$last_change_commit_time",
    "system$pipe_status",
    "system$explain_*",
];

/// Whether a policy that names it means something.
pub(super) fn is_known(name: &str) -> bool {
    names().any(|known| fits(known, name))
}

/// Every name, for who misspells one.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ACTING.iter().flat_map(|acting| acting.names.iter().copied())
}

/// What a function does beside giving a value, if it is known to act, and the name that the table has for it. Its parts
/// are those of its dotted name. What isn't called, with parentheses, may be a column of that name: only Oracle's packages
/// and SQLite's pragmas can do without.
pub(super) fn acts(dialect: &Dialect, parts: &[&str], called: bool) -> Option<(&'static str, &'static str)> {
    let (last, before) = parts.split_last()?;
    if before.iter().any(|part| HARMLESS.iter().any(|harmless| harmless.eq_ignore_ascii_case(part))) {
        return None;
    }
    if TELLING.iter().any(|telling| fits(telling, last)) {
        return None;
    }
    let initial = |part: &str| part.bytes().next().map(|byte| byte.to_ascii_lowercase());
    for acting in ACTING.iter().filter(|acting| dialect.has(acting.family)) {
        // Most names begin otherwise: that is told at once.
        for known in
            acting.names.iter().filter(|known| parts.iter().any(|part| initial(part) == initial(known)))
        {
            let bare = match acting.family {
                Family::Oracle => known.contains('.'),
                family => family == Family::Sqlite && *known == "pragma_optimize",
            };
            if !called && !bare {
                continue;
            }
            if is_called(known, last, before) {
                return Some((acting.acts, known));
            }
        }
    }
    None
}

/// Whether a function does nothing but run the query that is its first argument, and whether it must be the only one.
pub(super) fn runs(dialect: &Dialect, parts: &[&str]) -> Option<Alone> {
    let (last, before) = parts.split_last()?;
    let lists = |table: &[(Family, &[&str])]| {
        table
            .iter()
            .filter(|(family, _)| dialect.has(*family))
            .any(|(_, names)| names.iter().any(|known| is_called(known, last, before)))
    };
    if lists(RUNNING) { Some(Alone(false)) } else { lists(RUNNING_ALONE).then_some(Alone(true)) }
}

/// Whether an argument must be the only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Alone(pub(super) bool);

fn is_called(known: &str, last: &str, before: &[&str]) -> bool {
    match known.split_once('.') {
        Some((package, name)) => fits(name, last) && before.iter().any(|part| fits(package, part)),
        None => fits(known, last),
    }
}

/// Whether a name has a form: `*` stands at its end, or for one run inside of it.
pub(super) fn fits(form: &str, name: &str) -> bool {
    let Some((head, tail)) = form.split_once('*') else { return form.eq_ignore_ascii_case(name) };
    name.len() >= head.len() + tail.len()
        && name.get(..head.len()).is_some_and(|start| start.eq_ignore_ascii_case(head))
        && name.get(name.len() - tail.len()..).is_some_and(|end| end.eq_ignore_ascii_case(tail))
}
