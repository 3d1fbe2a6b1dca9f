package io.blobstore.split.repository;

import io.blobstore.IntegrityException;
import io.blobstore.split.ContentType;
import io.blobstore.split.ObjectId;
import io.blobstore.split.UnsupportedSplitStreamException;
import io.blobstore.split.internal.format.ObjectRefs;
import io.blobstore.split.internal.format.SplitStreamReader;
import io.blobstore.transfer.TransferContext;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A stream that the repository has, with everything that it refers to, so that it need not be stored again.
 *
 * @param id the id of the stream
 * @param names the streams to which it refers, by the names of the references
 */
record PresentStream(ObjectId id, Map<String, ObjectId> names) {
    private static final int PER_UNIT = 16;

    /** What is needed to look for streams. */
    record Search(
            Repository repository, ObjectStore.Session session, TransferContext context, int threads, boolean verify) {
        /**
         * Finds a stream. Reads and verifies the stream itself, and asks for each object; reads objects only if they
         * are to be verified.
         *
         * @return empty if there is no such stream, it is damaged or of another type, or one of its objects is missing,
         *     damaged or too old to rely upon
         */
        Optional<PresentStream> find(String name, ContentType type) throws IOException, InterruptedException {
            Optional<ObjectId> found =
                    context.retrying("find stream", () -> repository.resolve(RepositoryPaths.stream(name)));
            if (found.isEmpty()) {
                return Optional.empty();
            }
            WorkQueue queue = new WorkQueue(context, repository.hash(), threads - 1);
            try (SplitStreamReader stream = read(found.get(), name)) {
                AtomicBoolean reliable = new AtomicBoolean(true);
                queue.submit(scratch -> require(found.get(), reliable, scratch));
                requireAll(stream.objectRefs(), reliable, queue);
                requireAll(stream.streamRefs(), reliable, queue);
                queue.awaitAll();
                return reliable.get() && stream.header().contentType().equals(type)
                        ? Optional.of(new PresentStream(found.get(), Map.copyOf(stream.namedRefs())))
                        : Optional.empty();
            } catch (IntegrityException | MissingObjectException | UnsupportedSplitStreamException e) {
                return Optional.empty();
            } finally {
                queue.close();
            }
        }

        private SplitStreamReader read(ObjectId id, String name) throws IOException, InterruptedException {
            Scratch scratch = new Scratch(repository.hash());
            return SplitStreamReader.open(
                    context.retrying(
                            "read stream", () -> StreamChannels.verified(repository.objects(), id, scratch.digest())),
                    repository.hash(),
                    name);
        }

        private void requireAll(ObjectRefs refs, AtomicBoolean reliable, WorkQueue queue)
                throws IOException, InterruptedException {
            for (long first = 0; first < refs.count() && reliable.get(); first += PER_UNIT) {
                ObjectId[] ids = new ObjectId[(int) Math.min(PER_UNIT, refs.count() - first)];
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = refs.get(first + i);
                }
                queue.submit(scratch -> {
                    for (ObjectId id : ids) {
                        require(id, reliable, scratch);
                    }
                });
                queue.awaitRoom(2 * threads);
            }
        }

        private void require(ObjectId id, AtomicBoolean reliable, Scratch scratch)
                throws IOException, InterruptedException {
            if (!reliable.get()) {
                return;
            }
            session.keepAlive();
            ObjectStore store = repository.objects();
            Optional<StoredObject> object = context.retrying("find object", () -> store.find(id));
            if (object.isEmpty()
                    || !session.protects(object.get())
                    || (verify
                            && !context.retrying(
                                    "check object",
                                    () -> Verification.isIntact(store, object.get(), scratch.digest())))) {
                reliable.set(false);
            }
        }
    }
}
