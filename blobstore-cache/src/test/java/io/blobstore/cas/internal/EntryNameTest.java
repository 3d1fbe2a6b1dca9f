package io.blobstore.cas.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.blobstore.cas.Keyspace;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EntryNameTest {
    private static final String HASH = "0123456789abcdef".repeat(4);

    /** The grammar of bazel-remote, which is a superset. */
    private static final Pattern PEER = Pattern.compile("^([a-f0-9]{64})(?:-([1-9][0-9]*))?-([0-9a-zA-Z]+)(\\.v1)?$");

    @ParameterizedTest
    @CsvSource({
        "CAS, -1-543668548, CASBLOB, 1, 543668548",
        "CAS, -9223372036854775807-0, CASBLOB, 9223372036854775807, 0",
        "CAS, -1000000000000000000-aZ9, CASBLOB, 1000000000000000000, aZ9",
        "CAS, -222444666.v1, PLAIN, -1, 222444666",
        "AC, -855677956, PLAIN, -1, 855677956",
        "RAW, -112233, PLAIN, -1, 112233"
    })
    void namesOfTheFormatAreParsedAndFormattedAgain(
            Keyspace keyspace, String rest, EntryFile.Format format, long contentSize, String suffix) {
        EntryFile file = EntryFile.parse(keyspace, HASH + rest).orElseThrow();

        assertThat(file.key().keyspace()).isEqualTo(keyspace);
        assertThat(file.key().hash().hex()).isEqualTo(HASH);
        assertThat(file.format()).isEqualTo(format);
        assertThat(file.contentSize()).isEqualTo(contentSize);
        assertThat(file.suffix()).isEqualTo(suffix);
        assertThat(file.name()).isEqualTo(HASH + rest);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-",
                "-1",
                "-1-",
                "-0-1",
                "-01-1",
                "-9223372036854775808-1",
                "-9999999999999999999-1",
                "-18446744073709551617-1",
                "-100000000000000000000-1",
                "--1-1",
                "-1-1-1",
                "-1-ä",
                "-1-1.v2",
                "-.v1",
                "-1-1.v1",
                "-1 -1",
                "-+1-1",
                ".tmp"
            })
    void otherNamesAreNotThoseOfContent(String rest) {
        assertThat(EntryFile.parse(Keyspace.CAS, HASH + rest)).isEmpty();
    }

    @Test
    void aHashHas64LowerCaseDigits() {
        for (String hash : List.of(
                HASH.toUpperCase(java.util.Locale.ROOT),
                HASH.substring(1),
                HASH + "0",
                HASH.replace('f', 'g'),
                HASH.replace('0', ' '),
                "\u0661" + HASH.substring(1))) {
            assertThat(EntryFile.parse(Keyspace.RAW, hash + "-1")).as(hash).isEmpty();
        }
    }

    @Test
    void whatIsAcceptedIsAcceptedByBazelRemoteAndWhatItWritesIsAccepted() {
        Random random = new Random(1);
        String alphabet = "0123456789abcdefgG-.v1";
        int accepted = 0;
        for (int i = 0; i < 200_000; i++) {
            StringBuilder name = new StringBuilder(HASH).append('-');
            for (int length = random.nextInt(12); length > 0; length--) {
                name.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            if (random.nextInt(20) == 0) {
                name.setCharAt(random.nextInt(64), alphabet.charAt(random.nextInt(alphabet.length())));
            }
            Keyspace keyspace = Keyspace.values()[random.nextInt(3)];
            Matcher peer = PEER.matcher(name);
            boolean matches = peer.matches();
            boolean cas = keyspace == Keyspace.CAS;
            boolean written = matches
                    && (cas
                            ? (peer.group(2) != null) != (peer.group(4) != null)
                            : peer.group(2) == null && peer.group(4) == null);
            Optional<EntryFile> parsed = EntryFile.parse(keyspace, name.toString());
            assertThat(parsed.isPresent()).as(keyspace + " " + name).isEqualTo(written);
            if (parsed.isPresent()) {
                accepted++;
                assertThat(parsed.get().name()).isEqualTo(name.toString());
            }
        }
        assertThat(accepted).isGreaterThan(10_000);
    }
}
