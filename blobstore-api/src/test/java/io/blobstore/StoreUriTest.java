package io.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreUriTest {
    @Test
    void aUriIsTakenApart() {
        StoreUri uri = StoreUri.parse("s3://bucket/dir?region=eu-west-1&endpoint=http://localhost:9000");

        assertThat(uri.scheme()).isEqualTo("s3");
        assertThat(uri.authority()).contains("bucket");
        assertThat(uri.path()).isEqualTo("/dir");
        assertThat(uri.parameters())
                .containsExactly(Map.entry("endpoint", "http://localhost:9000"), Map.entry("region", "eu-west-1"));
    }

    @Test
    void aUriMayHaveNeitherAuthorityNorParameters() {
        for (String text : new String[] {"file:/dir", "file:///dir", "FILE:/dir", "file:/dir?"}) {
            StoreUri uri = StoreUri.parse(text);
            assertThat(uri.scheme()).isEqualTo("file");
            assertThat(uri.authority()).isEmpty();
            assertThat(uri.path()).isEqualTo("/dir");
            assertThat(uri.parameters()).isEmpty();
        }
        assertThat(StoreUri.parse("gs://bucket").path()).isEmpty();
    }

    @Test
    void percentsAreDecodedOnceAndAPlusIsAPlus() {
        StoreUri uri = StoreUri.parse("file:/a%20b%2525/%C3%A9?x=1%262%3D3+4%2525&empty=&eq=a=b");

        assertThat(uri.path()).isEqualTo("/a b%25/\u00E9");
        assertThat(uri.parameters()).isEqualTo(Map.of("x", "1&2=3+4%25", "empty", "", "eq", "a=b"));
    }

    @Test
    void spacesNeedNoEncoding() {
        StoreUri uri = StoreUri.parse("file:/a b%20c?x=1 2");

        assertThat(uri.path()).isEqualTo("/a b c");
        assertThat(uri.parameters()).isEqualTo(Map.of("x", "1 2"));
    }

    @Test
    void aPathMayBeRelative() {
        for (String text : new String[] {"file:a b/c", "FILE:a%20b/c?", "cache:a b/c?"}) {
            assertThat(StoreUri.parse(text).path()).isEqualTo("a b/c");
            assertThat(StoreUri.parse(text).authority()).isEmpty();
        }
        assertThat(StoreUri.parse("file:./dir").path()).isEqualTo("./dir");
        assertThat(StoreUri.parse("file:../dir?create=true").path()).isEqualTo("../dir");
        assertThat(StoreUri.parse("file:C:/dir").path()).isEqualTo("C:/dir");
    }

    @Test
    void theParametersCannotBeChanged() {
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> StoreUri.parse("s3://bucket?a=1").parameters().put("b", "2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3://me:hunter2@bucket",
                "s3://me:hun/ter2@bucket",
                "s3://hunter2@bucket/dir",
                "s3://me%3Ahunter2@bucket",
                "//me:hunter2@bucket",
                "s3://bucket?password=hunter2",
                "s3://bucket?secret_key=hunter2",
                "s3://bucket?SecretAccessKey=hunter2",
                "s3://bucket?region=eu&session-token=hunter2",
                "s3://bucket?access.key=hunter2",
                "s3://bucket?API_KEY=hunter2",
                "s3://bucket?X-Amz-Signature=hunter2",
                "s3://bucket?X-Amz-Credential=hunter2",
                "s3://bucket?pass%77ord=hunter2",
                "s3://bucket/#hunter2",
                "s3://bucket?secret=hunter2&secret=hunter2",
                "s3://bucket?hunter2",
                "s3://bucket?=hunter2",
                "s3://bucket?secret=hunter2%",
                "s3://me:hunter2@bucket/a b",
                "hunter2",
                "/dir?secret=hunter2"
            })
    void aCredentialIsRefusedAndNotRepeated(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StoreUri.parse(text))
                .satisfies(e -> {
                    assertThat(e).hasMessageNotContaining("hunter2").hasNoCause();
                    assertThat(e.getMessage()).isNotBlank();
                });
    }

    @Test
    void aParameterMayOccurOnceOnly() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StoreUri.parse("s3://bucket?region=a&re%67ion=b"))
                .withMessageContaining("'region' occurs twice");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"s3://bucket?a", "s3://bucket?a=1&", "s3://bucket?&a=1", "s3://bucket?=1", "s3://bucket?a=1&&b=2"
            })
    void aParameterIsANameAndAValue(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StoreUri.parse(text))
                .withMessageContaining("name=value");
    }

    @Test
    void anUnknownParameterIsRefusedByName() {
        StoreUri uri = StoreUri.parse("s3://bucket?region=eu&regoin=us");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> uri.parameters("region", "endpoint"))
                .withMessageContaining("[regoin]")
                .withMessageContaining("[endpoint, region]");
        assertThat(uri.parameters("region", "regoin", "endpoint")).isEqualTo(Map.of("region", "eu", "regoin", "us"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:", "file:?create=true", "cache:", "s3:bucket", "mailto:me"})
    void aUriWithoutASlashIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> StoreUri.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/dir", "dir", "://bucket", "file:/%zz", "file:/dir#part"})
    void whatIsNoStoreUriIsRefused(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> StoreUri.parse(text));
    }

    // ---- the URI of another store

    @Test
    void theUriOfAnotherStoreTakesTheRest() {
        StoreUri uri = StoreUri.parse("cache:/dir?max=1GiB&of=s3://bucket?region=eu&prefix=a%20b/&endpoint=http://h:1");

        assertThat(uri.parameters())
                .containsOnly(
                        Map.entry("max", "1GiB"),
                        Map.entry("of", "s3://bucket?region=eu&prefix=a%20b/&endpoint=http://h:1"));
        assertThat(StoreUri.parse(uri.parameters().get("of")).parameters())
                .containsEntry("prefix", "a b/")
                .containsEntry("endpoint", "http://h:1");
    }

    @Test
    void anEncodedUriOfAnotherStoreEndsWithItsParameter() {
        StoreUri uri = StoreUri.parse("cache:/dir?of=s3%3A%2F%2Fbucket%3Fregion%3Deu&max=1GiB");

        assertThat(uri.parameters()).containsOnly(Map.entry("max", "1GiB"), Map.entry("of", "s3://bucket?region=eu"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cache:/dir?of=s3://user:hidden@bucket",
                "cache:/dir?of=s3://bucket?secretKey=hidden",
                "cache:/dir?of=s3%3A%2F%2Fbucket%3FaccessKey%3Dhidden",
                "cache:/dir?of=cache:/other?of=s3://bucket?token=hidden"
            })
    void aCredentialInTheUriOfAnotherStoreIsRefusedAndNotRepeated(String uri) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StoreUri.parse(uri))
                .withMessageContaining("must not carry credentials")
                .withMessageNotContaining("hidden");
    }
}
