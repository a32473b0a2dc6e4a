use super::readings;
#[test]
#[ignore]
fn measure() {
    for path in std::env::var("FILES").unwrap().split(':') {
        let text = String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        for size in [1000usize, 4000, 100_000] {
            if text.len() < size {
                continue;
            }
            let mut end = size;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let t = &text[..end];
            let start = std::time::Instant::now();
            match readings(t) {
                Ok(r) => {
                    println!(
                        "{path} {size}: {} readings, {:.1}x, {:?} deepest {}",
                        r.len(),
                        r.iter().map(|r| r.text.len()).sum::<usize>() as f64 / size as f64,
                        start.elapsed(),
                        r.iter().map(|r| r.view.len()).max().unwrap_or(0)
                    );
                    if std::env::var("SHOW").is_ok() {
                        for r in &r {
                            println!("{} {:?}", r.text.len(), r.view);
                        }
                    }
                }
                Err(e) => println!("{path} {size}: {e:?} {:?}", start.elapsed()),
            }
        }
    }
}
