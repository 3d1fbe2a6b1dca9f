package io.blobstore.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.blobstore.BlobAlreadyExistsException;
import io.blobstore.BlobNotFoundException;
import io.blobstore.BlobSource;
import io.blobstore.BlobVersion;
import io.blobstore.Crc32c;
import io.blobstore.IntegrityException;
import io.blobstore.ListOptions;
import io.blobstore.MultipartUpload;
import io.blobstore.Precondition;
import io.blobstore.PreconditionFailedException;
import io.blobstore.SourceChangedException;
import io.blobstore.StoreCapabilities;
import io.blobstore.StoreOptions;
import io.blobstore.StoredBlob;
import io.blobstore.UploadedPart;
import io.blobstore.memory.MappedFile;
import io.blobstore.spi.PartLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The part of the contract about multipart uploads. */
abstract class MultipartContract extends ListingContract {
    private static final int PARTS = 4;
    private static final byte[] OLD = bytes(100, 1);

    /** Returns the content that most tests here send in {@link #PARTS} parts, of which the last one is shorter. */
    private byte[] content() {
        return bytes(Math.toIntExact(layout().size()), 2);
    }

    private PartLayout layout() {
        return new PartLayout(partSize() * (PARTS - 1) + 777, partSize());
    }

    /** Returns a part size that is small, but larger than a page of memory and a window of a file source. */
    private long partSize() {
        StoreCapabilities limits = store.capabilities();
        return Math.min(Math.max(limits.minPartSize(), 300_001), limits.maxPartSize());
    }

    private static BlobSource part(byte[] content, PartLayout layout, int number) {
        return source(content).slice(layout.offset(number), layout.length(number));
    }

    private static void sendParts(MultipartUpload upload, byte[] content, int... numbers) throws IOException {
        for (int number : numbers) {
            upload.uploadPart(number, part(content, upload.layout(), number));
        }
    }

    @Test
    void theSizeMayBeKnownAtTheEndOnly() throws IOException {
        assumeMultipart();
        byte[] content = content();
        PartLayout unknown = PartLayout.ofUnknownSize(partSize());
        try (MultipartUpload upload = store.createMultipartUpload(KEY, unknown, StoreOptions.DEFAULT)) {
            upload.uploadPart(PARTS, source(content).slice(layout().offset(PARTS), 777));
            for (int number = PARTS - 1; number > 0; number--) {
                upload.uploadPart(number, part(content, layout(), number));
            }
            assertThat(upload.layout()).isEqualTo(unknown);

            StoredBlob stored = upload.complete(Crc32c.of(source(content)));

            assertThat(stored.size()).isEqualTo(content.length);
            assertThat(upload.layout()).isEqualTo(layout());
        }
        assertHolds(KEY, content);
    }

    @Test
    void partsOfAnUnknownSizeLeaveNoGap() throws IOException {
        assumeMultipart();
        PartLayout unknown = PartLayout.ofUnknownSize(partSize());
        byte[] content = content();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, unknown, StoreOptions.DEFAULT)) {
            assertThatIllegalStateException().isThrownBy(() -> upload.complete(Crc32c.EMPTY));
            BlobSource tooMuch = source(bytes(Math.toIntExact(partSize() + 1), 3));
            assertThatIllegalArgumentException().isThrownBy(() -> upload.uploadPart(1, tooMuch));
            assertThatIllegalArgumentException().isThrownBy(() -> upload.uploadPart(1, source(new byte[0])));

            upload.uploadPart(1, part(content, layout(), 1));
            upload.uploadPart(3, part(content, layout(), 3));
            assertThatIllegalStateException().isThrownBy(() -> upload.complete(Crc32c.of(source(content))));
            upload.uploadPart(2, source(content).slice(0, 10));
            assertThatIllegalStateException().isThrownBy(() -> upload.complete(Crc32c.of(source(content))));
        }
        assertThatExceptionOfType(BlobNotFoundException.class).isThrownBy(() -> store.head(KEY));
    }

    @Test
    void aShorterLastPartReplacesALongerOne() throws IOException {
        assumeMultipart();
        byte[] content = bytes(10, 4);
        PartLayout unknown = PartLayout.ofUnknownSize(partSize());
        try (MultipartUpload upload = store.createMultipartUpload(KEY, unknown, StoreOptions.DEFAULT)) {
            upload.uploadPart(1, source(bytes(1000, 5)));
            upload.uploadPart(1, source(content));
            assertThat(upload.complete(Crc32c.of(source(content))).size()).isEqualTo(10);
        }
        assertHolds(KEY, content);
    }

    @Test
    void anUploadHasAnIdOfItsOwn() throws IOException {
        assumeMultipart();
        PartLayout layout = new PartLayout(10, Math.max(10, store.capabilities().minPartSize()));
        try (MultipartUpload first = store.createMultipartUpload(KEY, layout, StoreOptions.DEFAULT);
                MultipartUpload second = store.createMultipartUpload(KEY, layout, StoreOptions.DEFAULT)) {
            String id = first.id();

            assertThat(id).isNotBlank().isNotEqualTo(second.id());
            first.uploadPart(1, source(bytes(10, 1)));
            assertThat(first.id()).isEqualTo(id);
            first.complete(checksum(first));
            assertThat(first.id()).isEqualTo(id);
        }
    }

    @Test
    void aStoreWithoutMultipartUploadsThrows() {
        assumeFalse(store.capabilities().multipart(), "the store has multipart uploads");

        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> store.createMultipartUpload(KEY, new PartLayout(10, 10), StoreOptions.DEFAULT));
    }

    @Test
    void partsMayBeSentInAnyOrder() throws IOException {
        assumeMultipart();
        byte[] content = content();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            sendParts(upload, content, 3, 1, 4, 2);
            StoredBlob stored = upload.complete(crc(content));

            assertHolds(KEY, content);
            assertThat(upload.key()).isEqualTo(KEY);
            assertThat(upload.layout()).isEqualTo(layout());
            assertThat(stored.key()).isEqualTo(KEY);
            assertThat(stored.size()).isEqualTo(content.length);
            assertThat(stored.version()).isEqualTo(store.head(KEY).version());
            assertChecksum(stored.checksum(), content);
        }
    }

    @Test
    void partsMayBeSentConcurrently() throws Exception {
        assumeMultipart();
        byte[] content = content();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            List<Finish<UploadedPart>> finishes =
                    race(PARTS, racer -> () -> upload.uploadPart(racer + 1, part(content, upload.layout(), racer + 1)));

            assertThat(finishes)
                    .allSatisfy(finish -> assertThat(finish.problem()).isEmpty());
            upload.complete(crc(content));
        }
        assertHolds(KEY, content);
    }

    @Test
    void partsOfAFileAreSent() throws IOException {
        assumeMultipart();
        byte[] content = content();
        Path path = file(content);
        BlobSource copied = BlobSource.ofPath(path);
        try (MappedFile file = MappedFile.open(path);
                MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            for (int number = 1; number <= PARTS; number++) {
                BlobSource whole = number % 2 == 0 ? copied : file.region();
                upload.uploadPart(number, whole.slice(layout().offset(number), layout().length(number)));
            }
            assertThat(file.leases()).isZero();
            upload.complete(crc(content));
        }
        assertHolds(KEY, content);
    }

    @Test
    void aBlobMayHaveOnePart() throws IOException {
        assumeMultipart();
        try (MultipartUpload upload =
                store.createMultipartUpload(KEY, new PartLayout(100, partSize()), StoreOptions.DEFAULT)) {
            upload.uploadPart(1, source(OLD));
            upload.complete(crc(OLD));
        }
        assertHolds(KEY, OLD);
    }

    @Test
    void anAcceptedPartDescribesItsContent() throws IOException {
        assumeMultipart();
        byte[] content = content();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            assertThat(upload.parts()).isEmpty();
            UploadedPart fourth = upload.uploadPart(4, part(content, layout(), 4));
            UploadedPart first = upload.uploadPart(1, part(content, layout(), 1));

            assertThat(fourth).isEqualTo(UploadedPart.of(4, 777, Crc32c.of(part(content, layout(), 4))));
            assertThat(first).isEqualTo(UploadedPart.of(1, partSize(), Crc32c.of(part(content, layout(), 1))));
            assertThat(upload.parts()).containsExactly(first, fourth);
        }
    }

    @Test
    void thePartThatWasSentLastCounts() throws IOException {
        assumeMultipart();
        byte[] content = content();
        byte[] wrong = bytes(content.length, 3);
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            sendParts(upload, wrong, 1, 4);
            sendParts(upload, content, 1, 2, 3, 4);

            assertThat(upload.parts()).hasSize(PARTS);
            assertThat(checksum(upload)).isEqualTo(crc(content));
            upload.complete(crc(content));
        }
        assertHolds(KEY, content);
    }

    @Test
    void aPartThatDoesNotFitTheLayoutIsRefused() throws IOException {
        assumeMultipart();
        byte[] content = content();
        PartLayout layout = layout();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout, StoreOptions.DEFAULT)) {
            BlobSource first = part(content, layout, 1);
            for (int number : new int[] {0, -1, PARTS + 1, Integer.MAX_VALUE}) {
                assertThatIllegalArgumentException().isThrownBy(() -> upload.uploadPart(number, first));
            }
            assertThatIllegalArgumentException().isThrownBy(() -> upload.uploadPart(1, first.slice(1, 1000)));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> upload.uploadPart(1, source(content).slice(0, layout.length(1) + 1)));
            assertThatIllegalArgumentException().isThrownBy(() -> upload.uploadPart(PARTS, first));
            assertThat(upload.parts()).isEmpty();
        }
    }

    @Test
    void nothingIsCompletedWithAPartMissing() throws IOException {
        assumeMultipart();
        byte[] content = content();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            assertThatIllegalStateException().isThrownBy(() -> upload.complete(Crc32c.EMPTY));
            sendParts(upload, content, 1, 2, 4);

            assertThatIllegalStateException().isThrownBy(() -> upload.complete(checksum(upload)));
            assertMissing(KEY);

            sendParts(upload, content, 3);
            upload.complete(crc(content));
        }
        assertHolds(KEY, content);
    }

    @Test
    void nothingIsVisibleBeforeCompletion() throws IOException {
        assumeMultipart();
        byte[] content = content();
        store.store(OTHER, source(OLD));
        try (MultipartUpload fresh = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT);
                MultipartUpload over = store.createMultipartUpload(OTHER, layout(), StoreOptions.DEFAULT)) {
            sendParts(fresh, content, 1, 2, 3, 4);
            sendParts(over, content, 1, 2, 3, 4);

            assertMissing(KEY);
            assertHolds(OTHER, OLD);
            assertThat(names(ListOptions.DEFAULT)).containsExactly(OTHER.toString());

            fresh.complete(crc(content));
            over.complete(crc(content));
        }
        assertHolds(KEY, content);
        assertHolds(OTHER, content);
        assertThat(names(ListOptions.DEFAULT)).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, PARTS})
    void anAbortedUploadLeavesNothing(int sent) throws IOException {
        assumeMultipart();
        byte[] content = content();
        store.store(KEY, source(OLD));
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            for (int number = 1; number <= sent; number++) {
                sendParts(upload, content, number);
            }
            upload.abort();
            upload.abort();

            assertThat(leftovers()).isEmpty();
            assertHolds(KEY, OLD);
        }
    }

    @Test
    void anUploadThatIsClosedWithoutCompletionIsAborted() throws IOException {
        assumeMultipart();
        MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT);
        sendParts(upload, content(), 1, 2, 3, 4);

        upload.close();
        upload.close();

        assertThat(leftovers()).isEmpty();
        assertMissing(KEY);
        assertThatIllegalStateException().isThrownBy(() -> upload.complete(crc(content())));
    }

    @Test
    void aCompletionThatIsRepeatedGivesTheSameResult() throws IOException {
        assumeMultipart();
        byte[] content = content();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            sendParts(upload, content, 1, 2, 3, 4);
            StoredBlob first = upload.complete(crc(content));

            assertThat(upload.complete(crc(content))).isEqualTo(first);
            assertThat(store.head(KEY).version()).isEqualTo(first.version());
        }
    }

    @Test
    void abortingDoesNothingAfterACompletion() throws IOException {
        assumeMultipart();
        byte[] content = content();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            sendParts(upload, content, 1, 2, 3, 4);
            upload.complete(crc(content));

            upload.abort();
        }
        assertHolds(KEY, content);
    }

    @Test
    void noPartIsTakenAfterTheEnd() throws IOException {
        assumeMultipart();
        byte[] content = content();
        BlobSource first = part(content, layout(), 1);
        try (MultipartUpload completed = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT);
                MultipartUpload aborted = store.createMultipartUpload(OTHER, layout(), StoreOptions.DEFAULT)) {
            sendParts(completed, content, 1, 2, 3, 4);
            completed.complete(crc(content));
            aborted.abort();

            assertThatIllegalStateException().isThrownBy(() -> completed.uploadPart(1, first));
            assertThatIllegalStateException().isThrownBy(() -> aborted.uploadPart(1, first));
            assertThatIllegalStateException().isThrownBy(() -> aborted.complete(crc(content)));
        }
        assertHolds(KEY, content);
        assertMissing(OTHER);
    }

    @Test
    void aWrongChecksumIsFoundAndTheKeyStaysAsItWas() throws IOException {
        assumeMultipart();
        assumeTrue(keepsChecksums(), "the store keeps no checksums");
        byte[] content = content();
        BlobVersion old = store.store(KEY, source(OLD)).version();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            sendParts(upload, content, 1, 2, 3, 4);

            assertThatExceptionOfType(IntegrityException.class)
                    .isThrownBy(() -> upload.complete(new Crc32c(crc(content).value() ^ 1)))
                    .satisfies(e -> assertThat(e.key()).contains(KEY));
        }
        assertHolds(KEY, OLD);
        assertThat(store.head(KEY).version()).isEqualTo(old);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void contentTypeAndUserMetadataOfAnUploadAreKept(boolean conditional) throws IOException {
        assumeMultipart();
        if (conditional) {
            assumeConditions();
        }
        byte[] content = content();
        StoreOptions options = StoreOptions.builder()
                .contentType("video/mp4")
                .userMetadata("camera", "2, or 3% more")
                .precondition(conditional ? Precondition.ifAbsent() : Precondition.none())
                .build();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), options)) {
            sendParts(upload, content, 1, 2, 3, 4);
            upload.complete(crc(content));
        }
        assertThat(store.head(KEY).contentType()).contains("video/mp4");
        assertThat(store.head(KEY).userMetadata()).isEqualTo(Map.of("camera", "2, or 3% more"));
    }

    @Test
    void anUploadKeepsToItsConditionWhenItIsCompleted() throws IOException {
        assumeMultipart();
        assumeConditions();
        byte[] content = content();
        BlobVersion first = store.store(OTHER, source(bytes(50, 4))).version();
        try (MultipartUpload ifAbsent = store.createMultipartUpload(KEY, layout(), onlyIf(Precondition.ifAbsent()));
                MultipartUpload ifMatch =
                        store.createMultipartUpload(OTHER, layout(), onlyIf(Precondition.ifMatch(first)))) {
            sendParts(ifAbsent, content, 1, 2, 3, 4);
            sendParts(ifMatch, content, 1, 2, 3, 4);
            store.store(KEY, source(OLD));
            store.store(OTHER, source(OLD));

            assertThatExceptionOfType(BlobAlreadyExistsException.class)
                    .isThrownBy(() -> ifAbsent.complete(crc(content)))
                    .satisfies(e -> assertThat(e.key()).contains(KEY));
            assertThatExceptionOfType(PreconditionFailedException.class)
                    .isThrownBy(() -> ifMatch.complete(crc(content)))
                    .satisfies(e -> assertThat(e.key()).contains(OTHER));
        }
        assertHolds(KEY, OLD);
        assertHolds(OTHER, OLD);
    }

    @Test
    void anUploadWhoseConditionHoldsIsCompleted() throws IOException {
        assumeMultipart();
        assumeConditions();
        byte[] content = content();
        BlobVersion first = store.store(OTHER, source(OLD)).version();
        try (MultipartUpload ifAbsent = store.createMultipartUpload(KEY, layout(), onlyIf(Precondition.ifAbsent()));
                MultipartUpload ifMatch =
                        store.createMultipartUpload(OTHER, layout(), onlyIf(Precondition.ifMatch(first)))) {
            sendParts(ifAbsent, content, 1, 2, 3, 4);
            sendParts(ifMatch, content, 1, 2, 3, 4);
            ifAbsent.complete(crc(content));
            ifMatch.complete(crc(content));
        }
        assertHolds(KEY, content);
        assertHolds(OTHER, content);
    }

    @Test
    void ofUploadsRacingWithIfAbsentOneWins() throws Exception {
        assumeMultipart();
        assumeConditionsInRaces(Precondition.ifAbsent());
        PartLayout layout = new PartLayout(1000, partSize());

        List<Finish<StoredBlob>> finishes = race(8, racer -> () -> {
            byte[] content = bytes(1000, racer);
            try (MultipartUpload upload = store.createMultipartUpload(KEY, layout, onlyIf(Precondition.ifAbsent()))) {
                upload.uploadPart(1, source(content));
                return upload.complete(crc(content));
            }
        });

        List<Finish<StoredBlob>> winners =
                finishes.stream().filter(finish -> finish.result().isPresent()).toList();
        assertThat(winners).hasSize(1);
        assertThat(finishes.stream().flatMap(finish -> finish.problem().stream()))
                .hasSize(7)
                .allSatisfy(problem -> assertThat(problem).isInstanceOf(BlobAlreadyExistsException.class));
        assertHolds(KEY, bytes(1000, winners.get(0).racer()));
    }

    @Test
    void uploadsOfOneKeyDoNotMix() throws IOException {
        assumeMultipart();
        byte[] one = content();
        byte[] two = bytes(one.length, 5);
        try (MultipartUpload first = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT);
                MultipartUpload second = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            for (int number = 1; number <= PARTS; number++) {
                sendParts(first, one, number);
                sendParts(second, two, number);
            }
            second.complete(crc(two));
            assertHolds(KEY, two);
            first.complete(crc(one));
            assertHolds(KEY, one);
        }
    }

    @Test
    void aLayoutOutsideTheLimitsIsRefused() {
        assumeMultipart();
        StoreCapabilities limits = store.capabilities();
        if (limits.minPartSize() > 1) {
            assertLayoutRefused(new PartLayout(limits.minPartSize() * 2, limits.minPartSize() - 1));
        }
        if (limits.maxPartSize() < Long.MAX_VALUE / 4) {
            assertLayoutRefused(new PartLayout(limits.maxPartSize() * 2, limits.maxPartSize() + 1));
            assertLayoutRefused(new PartLayout(limits.maxPartSize() + 1, limits.maxPartSize() + 1));
        }
        if (limits.maxParts() < Integer.MAX_VALUE) {
            assertLayoutRefused(new PartLayout((limits.maxParts() + 1) * limits.minPartSize(), limits.minPartSize()));
        }
        if (limits.maxBlobSize() < Long.MAX_VALUE) {
            assertLayoutRefused(new PartLayout(limits.maxBlobSize() + 1, limits.maxPartSize()));
        }
    }

    private void assertLayoutRefused(PartLayout layout) {
        assertThatIllegalArgumentException()
                .as("%s", layout)
                .isThrownBy(() -> store.createMultipartUpload(KEY, layout, StoreOptions.DEFAULT));
    }

    @ParameterizedTest
    @EnumSource
    void aPartOfAFileThatChangedIsNotSent(Change change) throws IOException {
        assumeMultipart();
        byte[] content = content();
        Path path = file(content);
        BlobSource copied = BlobSource.ofPath(path);
        try (MappedFile file = MappedFile.open(path);
                MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            change.apply(path);
            long length = layout().length(2);

            assertThatExceptionOfType(SourceChangedException.class)
                    .isThrownBy(() -> upload.uploadPart(2, copied.slice(layout().offset(2), length)));
            assertThatExceptionOfType(SourceChangedException.class)
                    .isThrownBy(() -> upload.uploadPart(2, file.region(layout().offset(2), length)));
            assertThat(file.leases()).isZero();
        }
        assertMissing(KEY);
    }

    @Test
    void anInterruptedPartIsSentWholeOrNotAtAll() throws IOException {
        assumeMultipart();
        byte[] content = content();
        try (MultipartUpload upload = store.createMultipartUpload(KEY, layout(), StoreOptions.DEFAULT)) {
            sendParts(upload, content, 1, 2, 4);
            byte[] third = new byte[Math.toIntExact(layout().length(3))];
            System.arraycopy(content, Math.toIntExact(layout().offset(3)), third, 0, third.length);
            BlobSource interrupting = new ScriptedSource(third, 64 << 10, lease -> {
                if (lease == 2) {
                    Thread.currentThread().interrupt();
                }
            });

            Throwable problem = catchThrowable(() -> upload.uploadPart(3, interrupting));
            Thread.interrupted(); // the contract does not say whether the store keeps or clears it

            assertThat(upload.parts()).hasSize(problem == null ? PARTS : PARTS - 1);
            if (problem != null) {
                assertThat(problem).isInstanceOf(IOException.class);
                sendParts(upload, content, 3);
            }
            upload.complete(crc(content));
        }
        assertHolds(KEY, content);
    }
}
