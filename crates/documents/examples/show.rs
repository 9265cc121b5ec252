fn main() {
    for p in std::env::args().skip(1) {
        let b = std::fs::read(&p).unwrap();
        let n = p.rsplit('/').next().unwrap();
        match documents::formats::read(&b, n) {
            Ok(i) => {
                for d in i.documents.iter().take(2) {
                    println!("=== {n} {} {:?}", d.id, d.infons);
                    for q in d.passages.iter().take(60) {
                        println!(
                            "[{}] {:?} {:?}",
                            q.kind,
                            q.span.slice(&d.text).unwrap().chars().take(160).collect::<String>(),
                            q.infons
                        );
                    }
                }
            }
            Err(e) => println!("{e}"),
        }
    }
}
