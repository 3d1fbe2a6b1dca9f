package io.blobstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ' ',
            value = {
                "s3://bucket s3://bucket ''",
                "s3://bucket/ s3://bucket ''",
                "s3://bucket/a/b s3://bucket a/b",
                "s3://bucket/a?region=x&endpoint=http://h:1 s3://bucket?region=x&endpoint=http://h:1 a",
                "s3://bucket?region=x s3://bucket?region=x ''",
                "s3://bucket/a?.csv s3://bucket a?.csv",
                "s3://bucket/100%25/ü s3://bucket 100%25/ü",
                "gs://bucket/a//b gs://bucket a//b",
                ":a/b file:/blobs a/b",
                ": file:/blobs ''",
                "file:/dir?durability=none file:/dir?durability=none ''",
                "mem:x mem:x ''"
            })
    void whatIsInAStore(String text, String store, String name) {
        assertThat(Endpoint.parse(text, Optional.of("file:/blobs"))).isEqualTo(new Endpoint.InStore(store, name));
    }

    @ParameterizedTest
    @CsvSource({"a", "./:a", "/a/b", "C:\\x", "'a b'"})
    void whatIsLocal(String text) {
        assertThat(Endpoint.parse(text, Optional.empty()))
                .isInstanceOfSatisfying(
                        Endpoint.Local.class, local -> assertThat(local.path()).hasToString(text));
    }

    @ParameterizedTest
    @CsvSource({
        "a/b*/c, a/, /b*/c",
        "*.x, '', /*.x",
        "a/[b]/c, a/, /[b]/c",
        "a/b/**, a/b/, /**",
        "'a\\*/b*', a*/, '/b*'",
        "'a/\\*b/c?', a/*b/, /c?"
    })
    void aPatternIsBelowADirectory(String name, String directory, String pattern) {
        Endpoint.Matches matches = new Endpoint.InStore("mem:", name).pattern().orElseThrow();

        assertThat(matches.directory()).isEqualTo(new Endpoint.InStore("mem:", directory));
        assertThat(matches.pattern()).isEqualTo(pattern);
    }

    @Test
    void aPlainNameIsNoPattern() {
        assertThat(new Endpoint.InStore("mem:", "a\\*b\\[").pattern()).isEmpty();
        assertThat(new Endpoint.InStore("mem:", "a/b").pattern()).isEmpty();
        assertThat(new Endpoint.InStore("mem:", "a/b/c").lastName()).isEqualTo("c");
    }
}
