package io.blobstore.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.head;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;

import io.blobstore.BlobKey;
import io.blobstore.BlobMetadata;
import io.blobstore.BlobSource;
import io.blobstore.BlobStore;
import io.blobstore.BlobStores;
import io.blobstore.ForwardingBlobStore;
import io.blobstore.StoreOptions;
import io.blobstore.contract.LeakCheck;
import io.blobstore.transfer.TransferManager;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.core.io.Resource;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Responses with a blob, by {@link BlobResponse}, and by Spring for a controller that returns a resource. */
@ExtendWith(LeakCheck.class)
class BlobResponseTest {
    /** More than a piece, and not a multiple of it. */
    private static final int SIZE = 700_001;

    private static final byte[] CONTENT = new byte[SIZE];

    static {
        new SplittableRandom(1).nextBytes(CONTENT);
    }

    private BlobStore store;
    private TransferManager transfers;
    private MockMvc mvc;
    private String tag;

    /** Serves the blobs of the store. */
    @RestController
    private final class Blobs {
        @RequestMapping("/sent/{name}")
        void send(@PathVariable("name") String name, HttpServletRequest request, HttpServletResponse response)
                throws IOException {
            BlobResponse.send(new BlobResource(transfers, store, BlobKey.of(name)), request, response);
        }

        @GetMapping("/returned/{name}")
        Resource get(@PathVariable("name") String name) {
            return new BlobResource(transfers, store, BlobKey.of(name));
        }
    }

    @BeforeEach
    void storeBlob() throws Exception {
        store = BlobStores.open("mem:");
        transfers = TransferManager.create();
        mvc = MockMvcBuilders.standaloneSetup(new Blobs()).build();
        StoreOptions options = StoreOptions.builder()
                .contentType("image/png")
                .cacheControl("max-age=60")
                .build();
        store.store(BlobKey.of("blob"), BlobSource.of(ByteBuffer.wrap(CONTENT)), options);
        tag = perform(head("/sent/blob")).getHeader("ETag");
    }

    @AfterEach
    void close() throws IOException {
        transfers.close();
        store.close();
    }

    private MockHttpServletResponse perform(MockHttpServletRequestBuilder request) throws Exception {
        return mvc.perform(request).andReturn().getResponse();
    }

    private MockHttpServletResponse request(String range) throws Exception {
        return perform(get("/sent/blob").header("Range", range));
    }

    @Test
    void theWholeBlob() throws Exception {
        MockHttpServletResponse response = perform(get("/sent/blob"));

        assertThat(response.getStatus()).isEqualTo(200);
        assertThat(response.getContentAsByteArray()).isEqualTo(CONTENT);
        assertThat(response.getHeader("Content-Length")).isEqualTo("700001");
        assertThat(response.getHeader("Content-Type")).isEqualTo("image/png");
        assertThat(response.getHeader("Cache-Control")).isEqualTo("max-age=60");
        assertThat(response.getHeader("Accept-Ranges")).isEqualTo("bytes");
        assertThat(response.getHeader("ETag")).matches("\"[\\x21\\x23-\\x7e]+\"");
        assertThat(response.getHeader("Last-Modified")).isNotNull();
    }

    @Test
    void theHeadersAlone() throws Exception {
        MockHttpServletResponse response = perform(head("/sent/blob").header("Range", "bytes=0-9"));

        assertThat(response.getStatus()).isEqualTo(200);
        assertThat(response.getHeader("Content-Length")).isEqualTo("700001");
        assertThat(response.getContentAsByteArray()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "bytes=0-0, 0, 1",
        "bytes=5-14, 5, 15",
        "bytes=262000-600000, 262000, 600001",
        "bytes=100-, 100, 700001",
        "bytes=-100, 699901, 700001",
        "bytes=-900000, 0, 700001",
        "bytes=700000-9999999, 700000, 700001",
        "bytes=0-700000, 0, 700001"
    })
    void aRange(String range, int from, int to) throws Exception {
        for (String path : new String[] {"/sent/blob", "/returned/blob"}) {
            MockHttpServletResponse response = perform(get(path).header("Range", range));

            assertThat(response.getStatus()).isEqualTo(206);
            assertThat(response.getHeader("Content-Range")).isEqualTo("bytes " + from + "-" + (to - 1) + "/700001");
            assertThat(response.getContentAsByteArray()).isEqualTo(Arrays.copyOfRange(CONTENT, from, to));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=700001-", "bytes=800000-900000", "bytes=-0"})
    void aRangeBeyondTheEnd(String range) throws Exception {
        MockHttpServletResponse response = request(range);

        assertThat(response.getStatus()).isEqualTo(416);
        assertThat(response.getHeader("Content-Range")).isEqualTo("bytes */700001");
        assertThat(response.getContentAsByteArray()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-9,20-29", "items=0-9", "bytes=9-0", "bytes=x", "bytes="})
    void otherRangesAreIgnored(String range) throws Exception {
        MockHttpServletResponse response = request(range);

        assertThat(response.getStatus()).isEqualTo(200);
        assertThat(response.getHeader("Content-Range")).isNull();
        assertThat(response.getContentAsByteArray()).isEqualTo(CONTENT);
    }

    @Test
    void aClientThatHasTheVersionGetsNothing() throws Exception {
        for (String condition : new String[] {tag, "*", "\"other\", " + tag, "W/" + tag}) {
            MockHttpServletResponse response =
                    perform(get("/sent/blob").header("If-None-Match", condition).header("Range", "bytes=0-9"));

            assertThat(response.getStatus()).as(condition).isEqualTo(304);
            assertThat(response.getHeader("ETag")).isEqualTo(tag);
            assertThat(response.getContentAsByteArray()).isEmpty();
        }
        assertThat(perform(get("/sent/blob").header("If-None-Match", "\"other\""))
                        .getStatus())
                .isEqualTo(200);
    }

    @Test
    void aClientThatWantsAnotherVersionGetsNothing() throws Exception {
        assertThat(perform(get("/sent/blob").header("If-Match", "\"other\"")).getStatus())
                .isEqualTo(412);
        assertThat(perform(get("/sent/blob").header("If-Match", tag)).getStatus())
                .isEqualTo(200);
    }

    @Test
    void aRangeOfAnotherVersionIsTheWholeBlob() throws Exception {
        String modified = perform(head("/sent/blob")).getHeader("Last-Modified");
        for (String current : new String[] {tag, modified}) {
            assertThat(perform(get("/sent/blob").header("If-Range", current).header("Range", "bytes=0-9"))
                            .getStatus())
                    .as(current)
                    .isEqualTo(206);
        }
        String earlier = "Wed, 21 Oct 2015 07:28:00 GMT";
        for (String other : new String[] {"\"other\"", "W/" + tag, earlier, "neither"}) {
            MockHttpServletResponse response =
                    perform(get("/sent/blob").header("If-Range", other).header("Range", "bytes=0-9"));

            assertThat(response.getStatus()).as(other).isEqualTo(200);
            assertThat(response.getContentAsByteArray()).isEqualTo(CONTENT);
        }
    }

    @Test
    void anEmptyBlob() throws Exception {
        store.store(BlobKey.of("empty"), BlobSource.of());

        assertThat(perform(get("/sent/empty")).getStatus()).isEqualTo(200);
        assertThat(perform(get("/sent/empty")).getHeader("Content-Length")).isEqualTo("0");
        assertThat(perform(get("/sent/empty").header("Range", "bytes=0-")).getStatus())
                .isEqualTo(416);
    }

    /** The reader has the metadata of the old version then. */
    @Test
    void aBlobThatIsReplacedBeforeItsFirstBytesIsSentAnew() throws Exception {
        byte[] replacement = "replacement".getBytes(StandardCharsets.UTF_8);
        BlobStore replacing = new ForwardingBlobStore(store) {
            private boolean replaced;

            @Override
            public BlobMetadata head(BlobKey key) throws IOException {
                BlobMetadata metadata = super.head(key);
                if (!replaced) {
                    replaced = true;
                    super.store(key, BlobSource.of(ByteBuffer.wrap(replacement)), StoreOptions.DEFAULT);
                }
                return metadata;
            }
        };
        MockHttpServletResponse response = new MockHttpServletResponse();

        BlobResponse.send(
                new BlobResource(transfers, replacing, BlobKey.of("blob")),
                new MockHttpServletRequest("GET", "/"),
                response);

        assertThat(response.getContentAsByteArray()).isEqualTo(replacement);
        assertThat(response.getHeader("Content-Length")).isEqualTo("11");
        assertThat(response.getHeader("ETag")).isNotEqualTo(tag);
        assertThat(response.getHeader("Cache-Control")).isNull();
    }

    @Test
    void aClientThatDisconnectsEndsTheReading() {
        MockHttpServletResponse disconnected = new MockHttpServletResponse() {
            @Override
            public ServletOutputStream getOutputStream() {
                throw new UncheckedIOException(new IOException("broken pipe"));
            }
        };

        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> BlobResponse.send(
                        new BlobResource(transfers, store, BlobKey.of("blob")),
                        new MockHttpServletRequest("GET", "/"),
                        disconnected));
    }

    @Test
    void noBlobAndOtherMethods() throws Exception {
        assertThat(perform(get("/sent/missing")).getStatus()).isEqualTo(404);
        assertThat(perform(head("/sent/missing")).getStatus()).isEqualTo(404);
        MockHttpServletResponse refused = perform(post("/sent/blob"));

        assertThat(refused.getStatus()).isEqualTo(405);
        assertThat(refused.getHeader("Allow")).isEqualTo("GET, HEAD");
    }
}
