package io.blobstore.bench;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Tar archives to be split. The same archive at the same scale has the same content. */
enum TarContent {
    /** Large files of random bytes. */
    BIG(4, 256L << 20),
    /** Files of about 100 KiB: half of them text, half of them random bytes. */
    MID(10_000, 100 << 10),
    /** Small files, of 20 to 4,000 bytes, most of them less than 1,000. */
    TINY(100_000, 4000),
    /** Empty files: headers only. */
    EMPTY(1_000_000, 0),
    /** One file of random bytes. */
    ONE(1, 1L << 30);

    private static final int BLOCK = 512;
    private static final int CHUNK = 1 << 20;
    private static final int CHECKSUM = 148;
    private static final int MIN_TINY = 20;
    private static final int FILES_PER_DIRECTORY = 1000;

    private final int count;
    private final long size;

    TarContent(int count, long size) {
        this.count = count;
        this.size = size;
    }

    /** Returns about as many bytes as the archive has, or more. */
    long bytes() {
        return count * (size + 2L * BLOCK);
    }

    /** Creates the archive in a workspace. Fewer files are made at a smaller scale, or smaller ones of few. */
    Path create(BenchRow.Setting setting) throws IOException {
        Path file = setting.workspace().directory().resolve("tar");
        boolean few = count < FILES_PER_DIRECTORY;
        int files = few ? count : (int) setting.scaled(count);
        Random random = new Random(ordinal());
        byte[] text = text(random);
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), CHUNK)) {
            for (int i = 0; i < files; i++) {
                long length = few ? setting.scaled(size) : length(random);
                out.write(header(i, length));
                boolean isText = this == MID && i % 2 == 0;
                for (long at = 0; at < length; at += CHUNK) {
                    out.write(chunk(random, isText ? text : null, (int) Math.min(CHUNK, length - at)));
                }
                out.write(new byte[(int) (-length & (BLOCK - 1))]);
            }
            out.write(new byte[2 * BLOCK]);
        }
        return file;
    }

    private long length(Random random) {
        return switch (this) {
            case MID -> size / 2 + random.nextInt((int) size);
            case TINY -> MIN_TINY + (long) ((size - MIN_TINY) * Math.pow(random.nextDouble(), 3));
            default -> size;
        };
    }

    private static byte[] chunk(Random random, byte @Nullable [] text, int length) {
        if (text != null) {
            int from = random.nextInt(text.length - length);
            return Arrays.copyOfRange(text, from, from + length);
        }
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** Returns text of which files are cut; longer than the longest of them. */
    private static byte[] text(Random random) {
        StringBuilder lines = new StringBuilder(CHUNK);
        while (lines.length() < CHUNK) {
            lines.append(Long.toHexString(random.nextLong())).append(" INFO the request was answered in time\n");
        }
        return lines.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static byte[] header(int number, long length) {
        byte[] header = new byte[BLOCK];
        put(header, 0, "files/" + number / FILES_PER_DIRECTORY + "/" + number + ".dat");
        put(header, 100, "0000644\0" + "0000000\0" + "0000000\0");
        put(header, 124, String.format(Locale.ROOT, "%011o\0%011o\0", length, 1_700_000_000 + number));
        put(header, CHECKSUM, "        0");
        put(header, 257, "ustar\00000");
        int sum = 0;
        for (byte each : header) {
            sum += each & 0xff;
        }
        put(header, CHECKSUM, String.format(Locale.ROOT, "%06o\0 ", sum));
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }
}
