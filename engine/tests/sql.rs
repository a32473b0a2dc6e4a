//! `type = "sql"`: what each dialect's readers take for a read, and what they don't.
#![allow(clippy::unwrap_used, reason = "a test that panics is a test that fails")]

use argala_engine::{Policy, Verdict};
use proptest::prelude::*;
use serde_json::json;

const DIALECTS: [&str; 14] = [
    "generic",
    "ansi",
    "postgres",
    "mysql",
    "sqlite",
    "mssql",
    "snowflake",
    "bigquery",
    "redshift",
    "clickhouse",
    "duckdb",
    "hive",
    "databricks",
    "oracle",
];

fn policy(keys: &str) -> Policy {
    let text = format!("[tools.q]\nargs.sql = {{ type = 'sql', {keys} }}");
    Policy::from_toml(&text, "p.toml").unwrap_or_else(|error| unreachable!("{error}"))
}

fn reading(dialect: &str) -> Policy {
    policy(&format!("dialect = '{dialect}', allow = ['select', 'explain', 'show']"))
}

fn allows(policy: &Policy, sql: &str) -> bool {
    policy.judge("q", json!({ "sql": sql }).to_string().as_bytes()).verdict == Verdict::Allow
}

fn why(policy: &Policy, sql: &str) -> String {
    policy.judge("q", json!({ "sql": sql }).to_string().as_bytes()).message
}

/// Each text with whether it is a read, for one dialect.
fn claims(dialect: &str, texts: &[(&str, bool)]) {
    let policy = reading(dialect);
    for (sql, read) in texts {
        assert_eq!(allows(&policy, sql), *read, "{dialect}: {sql:?}: {}", why(&policy, sql));
    }
}

#[test]
fn reads_of_every_dialect() {
    for dialect in DIALECTS {
        claims(
            dialect,
            &[
                ("SELECT 1", true),
                ("select a, b from t where c = 'x' order by b", true),
                ("SELECT a FROM t; SELECT b FROM u;", true),
                ("WITH x AS (SELECT 1 AS a) SELECT a FROM x", true),
                ("SELECT a FROM t UNION ALL SELECT b FROM u EXCEPT SELECT 1", true),
                ("VALUES (1), (2)", true),
                ("(SELECT 1)", true),
                ("-- which?\nSELECT 1 /* this */", true),
                ("SELECT count(*) FROM t GROUP BY a HAVING count(*) > 1", true),
                ("SELECT is_deleted, dropdown, updated_at, created FROM updates", true),
                ("SELECT 'DROP TABLE users; DELETE FROM t'", true),
                ("EXPLAIN SELECT 1", true),
                ("DESCRIBE t", true),
                ("DESC t", true),
                ("SHOW TABLES", true),
                ("SELECT replace(a, 'x', 'y'), truncate(b, 1), insert(c, 1, 2, 'z') FROM t", true),
                ("SELECT CASE WHEN a THEN b ELSE c END FROM t", true),
            ],
        );
    }
}

#[test]
fn what_is_no_read_in_any_dialect() {
    for dialect in DIALECTS {
        for sql in [
            "",
            " ; ",
            "-- nothing",
            "DROP TABLE t",
            "drop/**/table t",
            "INSERT INTO t VALUES (1)",
            "UPDATE t SET a = 1",
            "DELETE FROM t",
            "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
            "TRUNCATE TABLE t",
            "CREATE TABLE t (a INT)",
            "ALTER TABLE t DROP COLUMN a",
            "GRANT SELECT ON t TO u",
            "REVOKE SELECT ON t FROM u",
            "CALL p()",
            "EXEC p",
            "SET a = 1",
            "USE db",
            "BEGIN",
            "COMMIT",
            "COPY t FROM 'x'",
            "VACUUM",
            "ATTACH 'x' AS y",
            "PRAGMA x",
            "LOCK TABLE t",
            "DO something",
            "FROBNICATE t",
            "SELECT 1; DROP TABLE t",
            "SELECT 1;DELETE FROM t;SELECT 2",
            "WITH x AS (SELECT 1) DELETE FROM t",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
            "WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x",
            "SELECT * FROM (WITH x AS (UPDATE t SET a = 1 RETURNING a) SELECT a FROM x) y",
            "SELECT a INTO b FROM t",
            "SELECT a FROM t FOR UPDATE",
            "EXPLAIN ANALYZE DELETE FROM t",
            "EXPLAIN (FORMAT JSON, ANALYZE) UPDATE t SET a = 1",
            "DR/**/OP TABLE t",
            "%53ELECT 1",
            "SELECT '",
            "SELECT /* 1",
            "SELECT 1 \u{1} FROM t",
            "SELECT 1\0; DROP TABLE t",
            "SELECT 1 -- x\rDROP TABLE t",
            "SELECT nextval('s')",
            "SELECT NEXT VALUE FOR s",
            "\\! rm",
            ".shell rm",
            "{call p}",
        ] {
            claims(dialect, &[(sql, false)]);
        }
    }
}

#[test]
fn postgres() {
    for dialect in ["postgres", "redshift"] {
        claims(
            dialect,
            &[
                ("TABLE t", true),
                ("SELECT a->>'b', c::int[], d #>> '{e}' FROM t WHERE f @> '{}'", true),
                ("SELECT delete FROM t", true),
                ("SELECT $$; DROP TABLE t$$, $a$ $$ ; DROP TABLE t $a$", true),
                ("SELECT E'\\'; DROP TABLE t --'", true),
                ("SELECT '\\'; DROP TABLE t --'", false),
                // What follows on another line goes on with the first string, backslashes too.
                ("SELECT E'a'\n'\\'' ; DROP TABLE t; --'", false),
                ("SELECT 1 AS a\u{a0}$$ ; DROP TABLE t; --$$", false),
                ("SELECT 1 AS é, 'ü – €'", true),
                ("SELECT /* /* */ ; DROP TABLE t */ 1", true),
                ("SELECT /* /* */ */ 1; DROP TABLE t", false),
                ("SELECT \"a;b\" FROM \"drop\"", true),
                ("EXPLAIN DELETE FROM t", true),
                ("EXPLAIN ANALYZE SELECT 1", true),
                ("EXPLAIN (ANALYZE false) DELETE FROM t", false),
                ("EXPLAIN ANALYZE WITH x AS (DELETE FROM t RETURNING a) SELECT a FROM x", false),
                ("SELECT pg_read_file('/etc/passwd')", false),
                ("SELECT \"pg_read_file\"('/etc/passwd')", false),
                ("SELECT pg_catalog . pg_ls_dir /* */ ('.')", false),
                ("SELECT U&\"\\0070g_read_file\"('/etc/passwd')", false),
                ("SELECT lo_import('/etc/passwd')", false),
                ("SELECT * FROM cypher('g', $$ CREATE (n) $$) AS (a agtype)", false),
                ("SELECT run_command_on_workers('DROP TABLE t')", false),
                ("SELECT * FROM dblink('x', 'DROP TABLE t') AS y(a int)", false),
                ("SELECT query_to_xml('DELETE FROM t', true, false, '')", false),
                ("SELECT set_config('x', 'y', false)", false),
                ("SELECT pg_terminate_backend(1)", false),
                ("SELECT pg_advisory_lock(1)", false),
                ("COPY t TO PROGRAM 'sh'", false),
                ("COPY (SELECT 1) TO STDOUT", false),
                ("SELECT a FROM t FOR NO KEY UPDATE", false),
                ("SELECT a FROM t FOR KEY SHARE", false),
                ("DO $$ BEGIN DELETE FROM t; END $$", false),
                (
                    "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) CYCLE n SET c USING p SELECT * FROM x",
                    true,
                ),
                ("WITH x AS (SELECT 1) SEARCH DEPTH FIRST BY a SET b DELETE FROM t", false),
            ],
        );
    }
}

#[test]
fn mysql() {
    claims(
        "mysql",
        &[
            ("SELECT 'a\\'; DROP TABLE t; -- '", true),
            ("SELECT \"a\\\"; DROP TABLE t; #\"", true),
            ("SELECT 1 # ; DROP TABLE t", true),
            ("SELECT 1 --1; DROP TABLE t", false),
            ("SELECT 1 --\u{a0}; DROP TABLE t", false),
            ("SELECT `a``;b` FROM t USE INDEX (i)", true),
            ("SELECT 1 /*!50000 + 1 */", true),
            ("SELECT 1 /*!50000 ; DROP TABLE t */", false),
            ("/*!50000 DROP TABLE t */", false),
            ("SELECT 1 /*!INTO OUTFILE*/ '/tmp/x'", false),
            ("SELECT 1 /*!50000 ' */ ; DROP TABLE t -- '", false),
            ("SELECT a FROM t INTO OUTFILE '/tmp/x'", false),
            ("SELECT a FROM t INTO DUMPFILE '/tmp/x'", false),
            ("SELECT a INTO @b FROM t", false),
            ("SELECT load_file('/etc/passwd')", false),
            ("SELECT sleep(10)", false),
            ("SELECT a FROM t LOCK IN SHARE MODE", false),
            ("SHOW CREATE TABLE t", true),
            ("SHOW INDEX FROM t", true),
            ("DESCRIBE UPDATE t SET a = 1", true),
            ("EXPLAIN FORMAT=JSON SELECT 1", true),
            ("HANDLER t OPEN", false),
            ("ANALYZE DELETE FROM t", false),
        ],
    );
}

#[test]
fn sql_server_needs_no_semicolon() {
    for dialect in ["mssql", "generic"] {
        claims(
            dialect,
            &[
                ("SELECT TOP 10 a FROM t WITH (NOLOCK)", true),
                ("SELECT a FROM t FOR JSON AUTO", true),
                ("SELECT a FROM t OPTION (USE HINT ('x'), RECOMPILE)", true),
                ("SELECT 1 DROP TABLE t", false),
                ("SELECT 1DROP TABLE t", false),
                ("SELECT 1eDROP TABLE t", false),
                ("SELECT £1DROP TABLE t", false),
                ("SELECT 'x'EXEC('y')", false),
                ("SELECT 1 EXEC xp_cmdshell 'dir'", false),
                ("SELECT 1 EXECUTE AS USER = 'dbo'", false),
                ("SELECT 1 FROM t DELETE limit FROM users limit", false),
                ("SELECT 1 INSERT t DEFAULT VALUES", false),
                ("SELECT 1 OPEN c", false),
                ("SELECT 1 END CONVERSATION @x", false),
                ("SELECT 1 SEND ON CONVERSATION @x", false),
                ("SELECT open, close FROM t ORDER BY close DESC", true),
                ("SELECT 1 UPDATE t SET a = 1", false),
                ("SELECT 1 CREATE OR ALTER VIEW v AS SELECT 1", false),
                ("SELECT 1 SHUTDOWN", false),
                ("SELECT 1 WAITFOR DELAY '0:0:9'", false),
                ("SELECT 1 BACKUP DATABASE d TO DISK = 'x'", false),
                ("SELECT 1 SET ROWCOUNT 1", false),
                ("EXPLAIN DELETE FROM t", false),
                ("SHOW CREATE SCHEMA x", false),
                ("SELECT 1\nGO\nsp_configure 'x'", false),
                ("xp_cmdshell 'dir'", false),
                ("SELECT * FROM OPENROWSET('x', 'y', 'z')", false),
                ("SELECT * FROM OPENQUERY(s, 'DELETE FROM t')", false),
                ("SELECT a FROM t INNER MERGE JOIN u ON t.a = u.a", true),
                ("SELECT a FROM t ORDER BY a OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY", true),
            ],
        );
    }
    claims(
        "mssql",
        &[
            ("SELECT [a;DROP TABLE t] FROM #u", true),
            ("SELECT 1\nGO\nSELECT 2", true),
            ("SELECT * INTO #u FROM t", false),
            ("SELECT @a = b FROM t", true),
        ],
    );
}

#[test]
fn other_dialects() {
    claims(
        "sqlite",
        &[
            ("SELECT [a;b], `c;d` FROM t", true),
            ("EXPLAIN QUERY PLAN DELETE FROM t", true),
            ("SELECT load_extension('x')", false),
            ("SELECT writefile('x', 'y')", false),
            ("SELECT edit('x')", false),
            ("WITH x AS (SELECT 1) INSERT OR REPLACE INTO t SELECT * FROM x", false),
            ("REPLACE INTO t VALUES (1)", false),
        ],
    );
    claims(
        "snowflake",
        &[
            ("SELECT 1 // ; DROP TABLE t", true),
            ("SELECT $1, a:b.c::int FROM @stage/path (FILE_FORMAT => 'f')", true),
            ("SHOW TABLES ->> SELECT * FROM $1", true),
            ("SHOW TABLES ->> DROP TABLE t", false),
            ("SELECT * EXCLUDE a RENAME b AS c FROM t QUALIFY row_number() OVER (ORDER BY a) = 1", true),
            ("SELECT SYSTEM$ABORT_SESSION(1)", false),
            ("SELECT s.nextval", false),
            ("LIST @stage", true),
            ("EXECUTE IMMEDIATE $$DROP TABLE t$$", false),
        ],
    );
    claims(
        "bigquery",
        &[
            ("SELECT '''; DROP TABLE t''', r'\\d', \"\"\"a\"b\"\"\" FROM `p.d.t`", true),
            ("FROM t |> WHERE a > 1 |> SET a = 2 |> DROP b", true),
            ("FROM t |> INSERT INTO u", false),
            ("SELECT * EXCEPT (a) REPLACE (b AS c) FROM t", true),
            ("SELECT * FROM EXTERNAL_QUERY('c', 'DELETE FROM t')", false),
            ("EXPORT DATA OPTIONS (uri = 'gs://x') AS SELECT 1", false),
            ("SELECT 1 # ; DROP TABLE t", true),
            ("SELECT a FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01'", true),
        ],
    );
    claims(
        "clickhouse",
        &[
            ("SELECT a FROM t ARRAY JOIN b PREWHERE c LIMIT 1 BY d SETTINGS x = 1 FORMAT JSON", true),
            ("SELECT * FROM url('http://x', 'CSV')", false),
            ("SELECT * FROM file('x')", false),
            ("SELECT * FROM remote('h', d.t)", false),
            ("SELECT 1 INTO OUTFILE 'x'", false),
            ("SELECT ‘; DROP TABLE t’", false),
            ("SYSTEM SHUTDOWN", false),
            ("EXISTS TABLE t", true),
        ],
    );
    claims(
        "duckdb",
        &[
            ("FROM t", true),
            ("FROM t SELECT a", true),
            ("PIVOT t ON a USING sum(b)", true),
            ("UNPIVOT t ON a, b INTO NAME n VALUE v", true),
            ("SELECT [x FOR x IN l IF x > 1], {'a': 1}, EXTRACT(year FROM '2024-01-01') FROM t", true),
            ("SUMMARIZE t", true),
            ("EXPLAIN ANALYZE SET VARIABLE a = 1", false),
            ("FROM 'x.csv'", false),
            ("FROM $$x.csv$$", false),
            // The parts of a name are put together before a file is looked for.
            ("FROM x.csv", false),
            ("TABLE x . \"csv\"", false),
            ("SELECT (FROM a.b.parquet)", false),
            ("PIVOT_WIDER x.csv ON a", false),
            ("SELECT r.csv, s.json FROM r, s", true),
            ("FROM a : 'x.csv'", false),
            ("FROM a : t", true),
            // To describe a file is to read its beginning.
            ("DESCRIBE 'x.csv'", false),
            ("DESC x.csv", false),
            ("SHOW x.csv", false),
            ("DESCRIBE main.t", true),
            ("FROM (DESCRIBE 'x.csv')", false),
            ("FROM (SUMMARIZE x.csv)", false),
            ("FROM (SUMMARIZE t)", true),
            ("FROM histogram('x.csv', a)", false),
            ("SELECT histogram(a) FROM t", true),
            ("FROM enable_logging(storage := 'file', storage_path := '/x')", false),
            ("FROM truncate_duckdb_logs()", false),
            ("SELECT `'`; DROP TABLE t --'", false),
            ("SELECT `a` FROM t", true),
            ("SELECT E'a'\n'\\'; DROP TABLE t --'", false),
            ("FROM t, 'x.csv'", false),
            ("FROM t, \"x.csv\"", false),
            ("FROM (t CROSS JOIN 'x.csv')", false),
            ("FROM ('x.csv' CROSS JOIN t)", false),
            ("SELECT * FROM \"x.csv\"", false),
            ("SELECT * FROM read_csv('x')", false),
            ("SELECT * FROM query('DROP TABLE t')", false),
            ("COPY t TO 'x'", false),
            ("INSTALL httpfs", false),
        ],
    );
    for dialect in ["hive", "databricks"] {
        claims(
            dialect,
            &[
                ("SELECT a, b FROM t LATERAL VIEW explode(c) d AS e DISTRIBUTE BY a SORT BY b", true),
                ("SELECT \"a;b\", 'it\\'s; DROP TABLE t' FROM `x`", true),
                ("SELECT transform(a, x -> x + 1) FROM t JOIN u USING (b)", true),
                ("FROM t INSERT OVERWRITE TABLE u SELECT *", false),
                ("SELECT TRANSFORM(a) USING 'sh' AS b FROM t", false),
                ("SELECT TRANSFORM(a) USING 'cat' AS b FROM t", true),
                ("SELECT TRANSFORM(a) USING 'cat /etc/passwd' AS b FROM t", false),
                ("SELECT TRANSFORM(a) USING 'cat' ' /etc/passwd' AS b FROM t", false),
                ("SELECT TRANSFORM(a) USING /**/ 'cat' /**/ '; sh' AS b FROM t", false),
                ("SELECT TRANSFORM(a) USING 'c\\141t' AS b FROM t", false),
                ("SELECT TRANSFORM(a) USING 'CAT' AS b FROM t", false),
                ("FROM t MAP a USING \"sh\" AS b", false),
                ("SELECT reflect('java.lang.Runtime', 'x')", false),
                ("SELECT java_method('a', 'b')", false),
                ("SELECT ai_query('m', a) FROM t", false),
            ],
        );
    }
    claims(
        "oracle",
        &[
            ("SELECT q'[; DROP TABLE t]' FROM dual", true),
            ("SELECT q'[it's]' FROM dual; DROP TABLE t", false),
            ("SELECT a FROM t START WITH b IS NULL CONNECT BY PRIOR c = b", true),
            (
                "SELECT a FROM t AS OF TIMESTAMP sysdate MODEL DIMENSION BY (b) MEASURES (c) RULES (c[1] = 2)",
                true,
            ),
            ("SELECT listagg(a, ',' ON OVERFLOW TRUNCATE WITHOUT COUNT) FROM t", true),
            ("SELECT a FROM t MODEL DIMENSION BY (b) MEASURES (c) RULES UPSERT ALL (c[1] = 2)", true),
            ("SELECT 1 FROM dual\n/\nSELECT 2 FROM dual\n/", true),
            ("SELECT 1 FROM dual\n/\nHOST rm", false),
            ("EXPLAIN PLAN SET STATEMENT_ID = 'a' FOR DELETE FROM t", true),
            ("EXPLAIN PLAN INTO p FOR SELECT 1 FROM dual", false),
            ("SELECT utl_http.request('http://x') FROM dual", false),
            ("SELECT SYS.UTL_INADDR.get_host_address('x') FROM dual", false),
            ("SELECT dbms_pipe.receive_message('a', 9) FROM dual", false),
            ("SELECT dbms_random.value FROM dual", true),
            ("SELECT httpuritype('http://x').getclob() FROM dual", false),
            ("SELECT s.nextval FROM dual", false),
            ("SELECT utl_inaddr.get_host_name FROM dual", false),
            ("BEGIN DELETE FROM t; END;", false),
            (
                "WITH FUNCTION f RETURN NUMBER IS BEGIN DELETE FROM t; RETURN 1; END; SELECT f FROM dual",
                false,
            ),
        ],
    );
}

#[test]
fn a_target_that_is_not_known_is_every_target() {
    claims(
        "generic",
        &[
            ("SELECT \"a\".b FROM \"a\" WHERE c = 'it''s'", true),
            ("SELECT update, lock, copy FROM x.update", true),
            ("SELECT update", true),
            ("SELECT a[1], b['c'] FROM t", true),
            // A backslash keeps the quote from ending the string for some.
            ("SELECT '\\'; DROP TABLE t; --'", false),
            ("SELECT 'a\\'' ; DROP TABLE t; --'", false),
            ("SELECT 1 # ; DROP TABLE t", false),
            ("SELECT 1 // ; DROP TABLE t", false),
            ("SELECT 1 --; DROP TABLE t", false),
            ("SELECT 1 -- ; DROP TABLE t", true),
            ("SELECT $$; DROP TABLE t$$", false),
            ("SELECT [; DROP TABLE t]", false),
            ("SELECT \"; DROP TABLE t\"", true),
            ("SELECT `; DROP TABLE t`", false),
            ("SELECT q'[; DROP TABLE t]'", true),
            ("SELECT q'['; DROP TABLE t; --]'", false),
            ("SELECT /* /* */ ; DROP TABLE t */ 1", false),
            ("SELECT 1 /*!; DROP TABLE t */", false),
            ("SELECT pg_sleep(1)", false),
            ("SELECT xp_dirtree('x')", false),
            ("SELECT load_extension('x')", false),
            ("SELECT * FROM x.csv", false),
            ("SELECT * FROM \"x.csv\"", false),
            ("DESCRIBE 'x.csv'", false),
            ("SELECT * FROM `a.b.c`", true),
            ("SELECT * FROM pragma_optimize", false),
            ("EXPLAIN PRAGMA foreign_keys = 0", false),
            ("SELECT utl_inaddr.get_host_address FROM dual", false),
            ("SELECT s.\"NEXTVAL\" FROM dual", false),
            ("FROM t |> EXPORT DATA OPTIONS (uri = 'x') AS SELECT 1", false),
        ],
    );
}

#[test]
fn a_policy_says_which_kinds_and_which_functions() {
    for (keys, sql, allowed) in [
        ("dialect = 'postgres'", "SELECT 1", true),
        ("dialect = 'postgres'", "EXPLAIN SELECT 1", false),
        ("dialect = 'postgres', allow = ['show']", "DESCRIBE t", true),
        ("dialect = 'postgres', allow = ['select', 'insert']", "INSERT INTO t SELECT 1", true),
        (
            "dialect = 'postgres', allow = ['insert']",
            "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 2",
            true,
        ),
        (
            "dialect = 'postgres', allow = ['select', 'insert']",
            "WITH x AS (DELETE FROM t RETURNING a) INSERT INTO u SELECT a FROM x",
            false,
        ),
        (
            "dialect = 'postgres', allow = ['merge']",
            "MERGE INTO t USING u ON a = b WHEN MATCHED THEN UPDATE SET a = 1",
            true,
        ),
        ("dialect = 'postgres', allow = ['select', 'lock']", "SELECT a FROM t FOR UPDATE", true),
        ("dialect = 'postgres', allow = ['select', 'create']", "SELECT a INTO b FROM t", true),
        ("dialect = 'mysql', allow = ['select', 'set']", "SELECT a INTO @b FROM t", true),
        ("dialect = 'postgres', allow = ['explain', 'delete']", "EXPLAIN ANALYZE DELETE FROM t", true),
        ("dialect = 'postgres', allow = ['select', 'transaction']", "BEGIN; SELECT 1; COMMIT", true),
        ("dialect = 'oracle', allow = ['select', 'transaction']", "BEGIN DELETE FROM t; END;", false),
        ("dialect = 'mssql', allow = ['select', 'insert']", "INSERT INTO t VALUES (1) DROP TABLE t", false),
        ("dialect = 'mssql', allow = ['update']", "UPDATE t SET a = 1 FROM t JOIN u ON t.b = u.b", true),
        ("dialect = 'postgres', allow = ['grant']", "GRANT SELECT, UPDATE ON t TO u WITH GRANT OPTION", true),
        ("dialect = 'postgres', functions = ['nextval']", "SELECT nextval('s')", true),
        ("dialect = 'postgres', functions = ['nextval']", "SELECT setval('s', 1)", false),
        ("dialect = 'duckdb', functions = ['read_csv']", "SELECT * FROM read_csv('x')", true),
        ("dialect = 'duckdb', functions = ['read_csv']", "SELECT * FROM read_blob('x')", false),
        (
            "dialect = 'hive', functions = ['transform using']",
            "SELECT TRANSFORM(a) USING 'sort' FROM t",
            true,
        ),
    ] {
        let policy = policy(keys);
        assert_eq!(allows(&policy, sql), allowed, "{keys}: {sql}: {}", why(&policy, sql));
    }
}

#[test]
fn only_the_tables_that_are_listed_may_be_named() {
    for (dialect, sql, allowed) in [
        ("postgres", "SELECT * FROM orders", true),
        ("postgres", "SELECT * FROM sales.Orders o", true),
        ("postgres", "SELECT * FROM \"public\".anything", true),
        ("postgres", "SELECT * FROM other.secret", false),
        ("postgres", "SELECT * FROM a.public.secret", false),
        ("postgres", "SELECT * FROM orders, secret", false),
        ("postgres", "SELECT * FROM orders o JOIN secret s ON o.a = s.a", false),
        ("postgres", "SELECT * FROM (orders CROSS JOIN secret)", false),
        ("postgres", "SELECT (SELECT a FROM secret) FROM orders", false),
        ("postgres", "SELECT * FROM orders WHERE a IN (SELECT a FROM secret)", false),
        ("postgres", "SELECT * FROM orders UNION SELECT * FROM secret", false),
        ("postgres", "TABLE secret", false),
        ("postgres", "EXPLAIN SELECT * FROM secret", false),
        ("postgres", "WITH x AS (SELECT * FROM orders) SELECT * FROM x", true),
        ("postgres", "WITH x AS (SELECT 1), y AS (SELECT * FROM x) SELECT * FROM x, y", true),
        ("postgres", "WITH x(a) AS MATERIALIZED (SELECT * FROM secret) SELECT * FROM x", false),
        ("postgres", "WITH secret AS (SELECT * FROM secret) SELECT * FROM secret", false),
        ("postgres", "WITH RECURSIVE x AS (SELECT 1 UNION SELECT * FROM x) SELECT * FROM x", true),
        ("postgres", "SELECT * FROM (WITH secret AS (SELECT 1) SELECT * FROM secret) y", true),
        ("postgres", "SELECT * FROM (WITH secret AS (SELECT 1) SELECT * FROM secret) y, secret", false),
        ("postgres", "SELECT * FROM orders; SELECT * FROM secret", false),
        ("postgres", "SELECT extract(year FROM a), trim(b FROM c), a IS DISTINCT FROM b FROM orders", true),
        ("postgres", "SELECT * FROM generate_series(1, 2) g, orders", true),
        ("postgres", "SELECT * FROM orders, LATERAL (SELECT * FROM secret) s", false),
        ("postgres", "SELECT * FROM ONLY secret", false),
        ("postgres", "SELECT * FROM temp orders", false),
        ("postgres", "SELECT * FROM temp", false),
        ("bigquery", "SELECT * FROM table", false),
        ("bigquery", "SELECT * FROM ML.PREDICT(MODEL m, TABLE secret)", false),
        ("mssql", "SELECT * FROM CONTAINSTABLE(secret, a, 'b')", false),
        ("databricks", "SELECT * FROM table_changes('secret', 1)", false),
        ("clickhouse", "SELECT a FROM orders WHERE b IN secret", false),
        ("clickhouse", "SELECT a FROM orders WHERE b IN (1, 2)", true),
        ("mysql", "DESC ANALYZE SELECT * FROM secret", false),
        ("hive", "INSERT INTO TABLE orders SELECT 1", true),
        ("hive", "INSERT INTO TABLE secret SELECT 1", false),
        ("postgres", "INSERT INTO orders SELECT * FROM secret", false),
        ("postgres", "INSERT INTO orders (a, b) VALUES (1, 2)", true),
        ("postgres", "INSERT INTO secret (a) VALUES (1)", false),
        ("postgres", "UPDATE secret SET a = 1", false),
        ("postgres", "UPDATE orders SET a = 1 FROM secret", false),
        ("postgres", "DELETE FROM orders USING secret WHERE true", false),
        ("postgres", "MERGE INTO orders o USING secret s ON o.a = s.a WHEN MATCHED THEN DELETE", false),
        ("postgres", "SELECT 1", true),
        ("mssql", "SELECT * FROM orders CROSS APPLY secret", false),
        ("mssql", "WITH secret AS (SELECT 1 AS a) SELECT a FROM secret SELECT * FROM secret", false),
        ("mssql", "SELECT * FROM secret (NOLOCK)", false),
        ("mssql", "SELECT * FROM [orders]", true),
        ("snowflake", "SELECT * FROM TABLE('secret')", false),
        ("snowflake", "SELECT * FROM IDENTIFIER('secret')", false),
        ("snowflake", "SELECT * FROM TABLE(flatten(a))", true),
        ("bigquery", "SELECT * FROM `p.d.secret`", false),
        ("bigquery", "SELECT * FROM `public.secret`", true),
        ("duckdb", "FROM secret", false),
        ("duckdb", "FROM orders SELECT a", true),
        ("hive", "SELECT * FROM orders LATERAL VIEW explode(a) x AS b", true),
    ] {
        let policy = policy(&format!(
            "dialect = '{dialect}', allow = ['select', 'explain', 'insert', 'update', 'delete', 'merge'], tables = ['public.*', 'orders']"
        ));
        assert_eq!(allows(&policy, sql), allowed, "{dialect}: {sql}: {}", why(&policy, sql));
    }
}

#[test]
fn a_refusal_says_what_and_where_and_what_would_do() {
    let policy = policy("dialect = 'postgres', allow = ['select', 'explain']");
    let message = why(&policy, "SELECT 1;\n  DROP TABLE t");
    for part in [
        "must be postgres SQL that holds only select or explain",
        "line 2, column 3",
        "\"DROP\" is of the kind drop",
    ] {
        assert!(message.contains(part), "{message}");
    }
    let message = why(&policy, "SELECT pg_read_file('x')");
    assert!(message.contains("\"pg_read_file\" reads or writes files"), "{message}");
    assert!(why(&policy, &"x".repeat(1000)).len() < 400);
}

/// Runs on a stack that is small, as a thread's of a small device may be.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 << 10).spawn(work).unwrap().join().unwrap();
}

const SHAPES: &[(&str, &str, &str, &str)] = &[
    ("SELECT ", "(", "1", ")"),
    ("SELECT * FROM ", "(", "t", ")"),
    ("SELECT * FROM ", "(", "t", " JOIN u)"),
    ("", "SELECT * FROM (", "SELECT 1", ")"),
    ("", "SELECT * FROM (", "SELECT 1", ") x"),
    ("SELECT ", "NOT ", "a", ""),
    ("SELECT ", "- ", "1", ""),
    ("SELECT ", "~ + ", "1", ""),
    ("SELECT ", "a OR ", "b", ""),
    ("SELECT ", "1 + ", "1", ""),
    ("SELECT ", "a || ", "b", ""),
    ("SELECT ", "a.b ", "c", ""),
    ("SELECT a", ".b", "", ""),
    ("SELECT a", ".b()", "", ""),
    ("SELECT a", "::int", "", ""),
    ("SELECT a", "[1]", "", ""),
    ("SELECT a", " IS NULL", "", ""),
    ("SELECT a", " COLLATE x", "", ""),
    ("SELECT a", " AT TIME ZONE 'x'", "", ""),
    ("SELECT a", " NOT NULL", "", ""),
    ("SELECT a", " ISNULL", "", ""),
    ("SELECT ", "a LIKE ", "b", ""),
    ("SELECT ", "a ? b : ", "c", ""),
    ("SELECT ", "a BETWEEN ", "1", " AND 1"),
    ("", "SELECT 1 UNION ", "SELECT 1", ""),
    ("", "(SELECT 1) EXCEPT ", "SELECT 1", ""),
    ("SELECT ", "f(", "1", ")"),
    ("SELECT ", "f(a, ", "1", ")"),
    ("SELECT ", "f(x -> ", "1", ")"),
    ("SELECT ", "f((x, y) -> ", "1", ")"),
    ("SELECT ", "CASE WHEN 1 THEN ", "1", " END"),
    ("SELECT ", "CASE ", "1", " WHEN 1 THEN 1 END"),
    ("SELECT ", "[", "1", "]"),
    ("SELECT ", "ARRAY[", "1", "]"),
    ("SELECT ", "{'a': ", "1", "}"),
    ("SELECT ", "MAP {1: ", "1", "}"),
    ("SELECT CAST(a AS ", "ARRAY<", "INT", ">"),
    ("SELECT CAST(a AS ", "STRUCT<a ", "INT", ">"),
    ("SELECT CAST(a AS INT", "[]", "", ""),
    ("SELECT CAST(a AS ", "Nullable(", "INT", ")"),
    ("SELECT ", "EXISTS (SELECT ", "1", ")"),
    ("SELECT ", "a IN (", "1", ")"),
    ("SELECT ", "INTERVAL ", "1", ""),
    ("SELECT ", "PRIOR ", "a", ""),
    ("SELECT ", "sum(1) OVER (ORDER BY ", "1", ")"),
    ("", "WITH a AS (", "SELECT 1", ") SELECT 1"),
    ("WITH ", "a AS (SELECT 1), ", "b AS (SELECT 1)", " "),
    ("", "EXPLAIN ", "SELECT 1", ""),
    ("", "DESCRIBE ", "SELECT 1", ""),
    ("SELECT * FROM t", " JOIN u", "", " ON a"),
    ("SELECT * FROM t", " JOIN u ON a", "", ""),
    ("SELECT * FROM t", " PIVOT(sum(a) FOR b IN (1))", "", ""),
    ("SELECT * FROM t", " |> WHERE a", "", ""),
    ("FROM t", " |> AS a", "", ""),
    ("SELECT * FROM ", "LATERAL (SELECT * FROM ", "t", ")"),
    ("SELECT * FROM ", "(VALUES (", "1", "))"),
    ("SELECT * FROM t MATCH_RECOGNIZE (PATTERN (", "(", "a", ")"),
    ("SELECT ", "'a' ", "'b'", ""),
    ("SELECT ", "a, ", "b", ""),
    ("SELECT ", "a = ANY(", "b", ")"),
    ("SELECT ", "a AS ", "b", ""),
    ("", "IF a THEN ", "SELECT 1;", " END IF;"),
    ("", "BEGIN ", "SELECT 1;", " END;"),
    ("", "WHILE a ", "SELECT 1", ""),
    ("", "SELECT 1;", "", ""),
    ("SELECT ", "TRY_CAST(", "1", " AS INT)"),
    ("SELECT ", "a:b", "c", ""),
    ("SELECT ", "a -> ", "b", ""),
    ("SELECT ", "x'", "1", "'"),
    ("SELECT ", "\"", "1", "\""),
    ("SELECT ", "/*", "1", "*/"),
    ("SELECT ", "$a$", "1", "$a$"),
    ("SELECT ", "FROM a INTO ", "1", ""),
    ("SELECT ", "FROM 'a' ", "1", ""),
    ("CREATE TABLE t (a ", "ARRAY<", "INT", ">)"),
    ("SELECT * FROM ", "a NATURAL JOIN ", "b", ""),
    ("SELECT * FROM ", "a.", "b", ""),
    ("SELECT a FROM t WHERE ", "a AND NOT ", "b", ""),
    ("SELECT a FROM t GROUP BY ", "ROLLUP (", "b", ")"),
    ("SELECT ", "IF(a, b, ", "b", ")"),
    ("SELECT ", "CONNECT_BY_ROOT ", "b", ""),
    ("SELECT ", "DISTINCT ", "b", ""),
    ("SELECT ", "BINARY ", "b", ""),
    ("SELECT ", "ROW(", "b", ")"),
    ("SELECT ", "a.b(+) = ", "b", ""),
    ("SELECT ", "a OPERATOR(+) ", "b", ""),
    ("SELECT ", "@", "b", ""),
    ("SELECT ", "!", "b", ""),
];

#[test]
fn no_nesting_ends_a_small_stack_or_takes_long() {
    on_a_small_stack(|| {
        let policies: Vec<Policy> = DIALECTS
            .iter()
            .map(|dialect| {
                policy(&format!("dialect = '{dialect}', allow = ['select', 'explain'], tables = ['t']"))
            })
            .collect();
        for (before, open, middle, close) in SHAPES {
            for times in [9, 80, 1000] {
                let text = format!("{before}{}{middle}{}", open.repeat(times), close.repeat(times));
                for policy in &policies {
                    allows(policy, &text);
                }
            }
        }
    });
}

#[test]
fn a_deep_or_a_long_read_is_still_a_read() {
    let policy = reading("postgres");
    for text in [
        format!("SELECT {}1{}", "(".repeat(500), ")".repeat(500)),
        format!("SELECT a FROM t WHERE {}", vec!["b = 1"; 2000].join(" OR ")),
        format!("SELECT a FROM t WHERE b IN ({})", vec!["12345"; 10_000].join(", ")),
    ] {
        assert!(allows(&policy, &text), "{}", why(&policy, &text));
    }
    let long = format!("SELECT '{}'", "x".repeat(200 << 10));
    assert!(why(&policy, &long).contains("longer than"));
}

/// Pieces of SQL that mean something to one of the readers.
fn piece() -> impl Strategy<Value = String> {
    let pieces: &[&str] = &[
        "SELECT",
        "FROM",
        "WITH",
        "AS",
        "(",
        ")",
        ",",
        ";",
        "DROP TABLE",
        "DELETE FROM",
        "INTO",
        "t",
        "a.b",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "\\",
        "$$",
        "$a$",
        "q'[",
        "]'",
        "--",
        "#",
        "//",
        "/*",
        "*/",
        "/*!50000",
        "\n",
        "\r",
        "\nGO\n",
        "\n/\n",
        "->>",
        "|>",
        "EXPLAIN",
        "ANALYZE",
        "UNION",
        "JOIN",
        "CASE",
        "END",
        "NOT",
        "1",
        "1e",
        "0x",
        ".",
        "é",
        "‘",
        "\u{a0}",
        "E'",
        "r'",
        "'''",
        "TABLE",
        "IDENTIFIER",
        "USING",
        "RECURSIVE",
        "{",
        "}",
        "<",
        ">",
        "@",
        ":",
        "::",
        "nextval(",
        "INTERVAL",
        "VALUES",
        "MERGE",
        "SET",
        "UPDATE",
        "FOR",
        "OVER",
    ];
    prop_oneof![8 => prop::sample::select(pieces).prop_map(str::to_owned), 1 => any::<String>()]
}

proptest! {
    #[test]
    fn no_text_panics_or_ends_a_small_stack(
        pieces in prop::collection::vec(piece(), 0..60),
        spaced in any::<bool>(),
        dialect in prop::sample::select(&DIALECTS[..]),
        tables in any::<bool>(),
    ) {
        let text = pieces.join(if spaced { " " } else { "" });
        on_a_small_stack(move || {
            let tables = if tables { ", tables = ['t', 'a.*']" } else { "" };
            let policy = policy(&format!("dialect = '{dialect}', allow = ['select', 'explain']{tables}"));
            allows(&policy, &text);
        });
    }

    #[test]
    fn no_mixed_nesting_ends_a_small_stack(
        shapes in prop::collection::vec((prop::sample::select(SHAPES), 1..12_usize), 1..20),
        dialect in prop::sample::select(&DIALECTS[..]),
    ) {
        let open: String = shapes.iter().map(|((_, open, ..), times)| open.repeat(*times)).collect();
        let close: String = shapes.iter().rev().map(|((.., close), times)| close.repeat(*times)).collect();
        let text = format!("SELECT {open}1{close}");
        on_a_small_stack(move || {
            allows(&reading(dialect), &text);
        });
    }

    #[test]
    fn what_the_unknown_target_takes_every_other_takes_or_cannot_read(
        pieces in prop::collection::vec(piece(), 0..12),
        dialect in prop::sample::select(&DIALECTS[1..]),
    ) {
        let text = format!("SELECT 1 {}", pieces.join(" "));
        if allows(&reading("generic"), &text) && !allows(&reading(dialect), &text) {
            let message = why(&reading(dialect), &text);
            prop_assert!(!message.contains("of the kind drop") && !message.contains("of the kind delete"), "{}", message);
        }
    }

    #[test]
    fn a_write_behind_any_read_is_refused(
        pieces in prop::collection::vec(piece(), 0..12),
        dialect in prop::sample::select(&DIALECTS[..]),
        write in prop::sample::select(&["DROP TABLE t", "DELETE FROM t", "INSERT INTO t VALUES (1)"][..]),
    ) {
        let policy = reading(dialect);
        let read = format!("SELECT {}", pieces.join(" "));
        // Where the read is whole, what follows its semicolon is code.
        if allows(&policy, &read) && !read.contains("--") && !read.contains('#') && !read.contains("//") {
            let stacked = format!("{read};{write}");
            prop_assert!(!allows(&policy, &stacked), "{}", stacked);
        }
    }

    #[test]
    fn a_policy_that_allows_more_kinds_takes_no_less(
        pieces in prop::collection::vec(piece(), 0..12),
        dialect in prop::sample::select(&DIALECTS[..]),
    ) {
        let less = policy(&format!("dialect = '{dialect}', allow = ['select']"));
        let more = policy(&format!("dialect = '{dialect}', allow = ['select', 'drop', 'delete', 'create', 'update', 'lock']"));
        let text = pieces.join(" ");
        prop_assert!(!allows(&less, &text) || allows(&more, &text), "{}", text);
    }
}
