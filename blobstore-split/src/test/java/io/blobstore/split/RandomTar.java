package io.blobstore.split;

import io.blobstore.split.TarBuilder.Magic;
import java.util.Random;

/** Well-formed archives with everything that there is in archives, at random. */
final class RandomTar {
    private static final char[] OTHER_TYPES = {'1', '2', '3', '4', '5', '6', 'V', 'M', 'N', 'Z', '!'};

    private final Random random;
    private final TarBuilder tar;

    private RandomTar(Random random, int inlineUpTo) {
        this.random = random;
        this.tar = new TarBuilder(inlineUpTo);
    }

    static TarBuilder of(long seed, int inlineUpTo) {
        RandomTar tar = new RandomTar(new Random(seed), inlineUpTo);
        tar.build();
        return tar.tar;
    }

    private void build() {
        int entries = random.nextInt(30);
        for (int i = 0; i < entries; i++) {
            add(i);
        }
        if (random.nextInt(5) > 0) {
            tar.zeros(2 + random.nextInt(20));
            if (random.nextInt(3) == 0) {
                tar.bytes(content(random.nextInt(2000)));
            }
        }
    }

    private byte[] content(int length) {
        byte[] bytes = new byte[length];
        if (random.nextInt(4) > 0) {
            random.nextBytes(bytes);
        }
        return bytes;
    }

    private void add(int number) {
        String name = "dir/" + "n".repeat(random.nextInt(80)) + number;
        switch (random.nextInt(12)) {
            case 0 -> tar.header(name + "/", '5', 0, magic());
            case 1 -> { // not a file: its content stays inline
                byte[] content = content(random.nextInt(3000));
                char type = OTHER_TYPES[random.nextInt(OTHER_TYPES.length)];
                tar.header(name, type, content.length, magic()).inlineContent(content, random.nextInt());
            }
            case 2 -> {
                tar.longName(name.repeat(1 + random.nextInt(50)), 'L');
                if (random.nextBoolean()) {
                    tar.longName(name, 'K');
                }
                file(name, Magic.GNU);
            }
            case 3 -> tar.pax('g', "comment", name, "size", "12345", "path", "not/this");
            case 4 -> { // the size is in the pax header only
                byte[] content = content(random.nextInt(5000));
                tar.pax('x', "path", name.repeat(3), "size", Integer.toString(content.length), "mtime", "1.5")
                        .header("short", '0', random.nextInt(100), Magic.USTAR)
                        .file(content, random.nextInt());
            }
            case 5 -> {
                byte[] content = content(random.nextInt(5000));
                tar.header(name, '0', ~content.length, Magic.GNU).file(content, 0);
            }
            case 6 -> { // no metadata under this magic, but an unknown type
                byte[] content = content(random.nextInt(1000));
                char type = "xLKS".charAt(random.nextInt(4));
                tar.header(name, type, content.length, Magic.V7).inlineContent(content, 0);
            }
            case 7 -> {
                tar.zeros(1); // a stray one
                file(name, magic());
            }
            default -> file(name, magic());
        }
    }

    private void file(String name, Magic magic) {
        int length = switch (random.nextInt(6)) {
            case 0 -> 60 + random.nextInt(10);
            case 1 -> random.nextInt(3) * 512 + random.nextInt(3);
            case 2 -> 4095 + random.nextInt(3);
            case 3 -> random.nextInt(100_000);
            default -> random.nextInt(3000);
        };
        byte[] content = content(length);
        char type = new char[] {'0', '\0', '7'}[random.nextInt(3)];
        tar.header(name, type, length, magic).file(content, random.nextBoolean() ? 0 : random.nextInt());
    }

    private Magic magic() {
        return Magic.values()[random.nextInt(Magic.values().length)];
    }
}
