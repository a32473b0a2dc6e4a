-- The sample shop. `dropdown_items`, `updated_at` and the labels hold the words that a firewall looks for, in
-- places where they are harmless: a rule that cannot tell is a rule that people switch off.
-- There are no foreign keys, since with them SQLite itself would refuse to drop `users`.
BEGIN;

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    joined TEXT NOT NULL
);
INSERT INTO users (id, name, email, joined) VALUES
    (1, 'Ada Lindqvist', 'ada@example.com', '2024-02-11'),
    (2, 'Tomás Herrera', 'tomas@example.com', '2024-07-30'),
    (3, 'Mei Tanaka', 'mei@example.com', '2025-01-05'),
    (4, 'Kofi Mensah', 'kofi@example.com', '2025-09-18');

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    item TEXT NOT NULL,
    price REAL NOT NULL,
    note TEXT,
    updated_at TEXT NOT NULL
);
INSERT INTO orders (id, user_id, item, price, note, updated_at) VALUES
    (101, 1, 'Desk lamp', 39.90, NULL, '2025-10-02'),
    (102, 1, 'Notebook, dotted', 6.50, 'gift wrap', '2025-10-02'),
    (103, 2, 'Cough drops', 4.20, NULL, '2025-11-14'),
    (104, 3, 'Office chair', 249.00, 'please do not drop', '2025-12-01'),
    (105, 4, 'Coffee, 1 kg', 18.75, NULL, '2026-01-20');

CREATE TABLE dropdown_items (
    id INTEGER PRIMARY KEY,
    menu TEXT NOT NULL,
    label TEXT NOT NULL,
    position INTEGER NOT NULL
);
INSERT INTO dropdown_items (id, menu, label, position) VALUES
    (1, 'account', 'Update address', 1),
    (2, 'account', 'Delete saved cards', 2),
    (3, 'delivery', 'Drop-off point', 1),
    (4, 'delivery', 'Home delivery', 2);

COMMIT;
