package falcon.prune.run;

import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.AccessMode;
import java.nio.file.CopyOption;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.FileSystem;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.StandardOpenOption;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileAttributeView;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.spi.FileSystemProvider;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The system's own files, on a disk that fails from a certain operation on.
final class FailingDisk {
  /// What happens to files.
  enum Operation {
    CREATE,
    WRITE,
    MAKE_FOLDER,
    MOVE,
    DELETE
  }

  /// How a disk fails.
  enum Fault {
    /// Nothing more can be written, but files can be renamed and removed.
    FULL,
    /// Files can only be removed.
    FULL_OF_NAMES,
    /// Nothing happens any more, as after a kill.
    DEAD;

    private boolean stops(Operation operation) {
      return switch (operation) {
        case CREATE, WRITE, MAKE_FOLDER -> true;
        case MOVE -> this != FULL;
        case DELETE -> this == DEAD;
      };
    }
  }

  private static final String REASON = "No space left on device";

  private final FileSystem system;
  private Fault fault = Fault.FULL;
  private int left = Integer.MAX_VALUE;

  FailingDisk(Path any) {
    this.system = new DiskSystem(any.getFileSystem());
  }

  /// The same path on this disk.
  Path path(Path path) {
    return new DiskPath(path);
  }

  /// From now on `count` operations go well, then those of a kind fail.
  void failAfter(int count, Fault kind) {
    left = count;
    fault = kind;
  }

  /// From now on all goes well.
  void mend() {
    left = Integer.MAX_VALUE;
  }

  /// Whether an operation has failed since [#failAfter].
  boolean hasFailed() {
    return left < 0;
  }

  private void count(Operation operation, Path path) throws IOException {
    if (fault.stops(operation) && left != Integer.MAX_VALUE) {
      left = Math.max(-1, left - 1);
      if (left < 0) {
        throw new FileSystemException(path.toString(), null, REASON);
      }
    }
  }

  private static Path plain(Path path) {
    return path instanceof DiskPath wrapped ? wrapped.path : path;
  }

  private @Nullable Path wrapped(@Nullable Path path) {
    return path == null ? null : new DiskPath(path);
  }

  /// A path, by whose provider everything goes.
  private final class DiskPath implements Path {
    private final Path path;

    DiskPath(Path path) {
      this.path = plain(path);
    }

    @Override
    public FileSystem getFileSystem() {
      return system;
    }

    @Override
    public boolean isAbsolute() {
      return path.isAbsolute();
    }

    @Override
    public @Nullable Path getRoot() {
      return wrapped(path.getRoot());
    }

    @Override
    public @Nullable Path getFileName() {
      return wrapped(path.getFileName());
    }

    @Override
    public @Nullable Path getParent() {
      return wrapped(path.getParent());
    }

    @Override
    public int getNameCount() {
      return path.getNameCount();
    }

    @Override
    public Path getName(int index) {
      return new DiskPath(path.getName(index));
    }

    @Override
    public Path subpath(int begin, int end) {
      return new DiskPath(path.subpath(begin, end));
    }

    @Override
    public boolean startsWith(Path other) {
      return path.startsWith(plain(other));
    }

    @Override
    public boolean endsWith(Path other) {
      return path.endsWith(plain(other));
    }

    @Override
    public Path normalize() {
      return new DiskPath(path.normalize());
    }

    @Override
    public Path resolve(Path other) {
      return new DiskPath(path.resolve(plain(other)));
    }

    @Override
    public Path relativize(Path other) {
      return new DiskPath(path.relativize(plain(other)));
    }

    @Override
    public URI toUri() {
      return path.toUri();
    }

    @Override
    public Path toAbsolutePath() {
      return new DiskPath(path.toAbsolutePath());
    }

    @Override
    public Path toRealPath(LinkOption... options) throws IOException {
      return new DiskPath(path.toRealPath(options));
    }

    @Override
    public WatchKey register(
        WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int compareTo(Path other) {
      return path.compareTo(plain(other));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof DiskPath disk && path.equals(disk.path);
    }

    @Override
    public int hashCode() {
      return path.hashCode();
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }

  private final class DiskSystem extends FileSystem {
    private final FileSystem plain;
    private final FileSystemProvider provider;

    DiskSystem(FileSystem plain) {
      this.plain = plain;
      this.provider = new Provider(plain.provider());
    }

    @Override
    public FileSystemProvider provider() {
      return provider;
    }

    @Override
    public void close() {
      throw new UnsupportedOperationException();
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public boolean isReadOnly() {
      return false;
    }

    @Override
    public String getSeparator() {
      return plain.getSeparator();
    }

    @Override
    public Iterable<Path> getRootDirectories() {
      return plain.getRootDirectories();
    }

    @Override
    public Iterable<FileStore> getFileStores() {
      return plain.getFileStores();
    }

    @Override
    public Set<String> supportedFileAttributeViews() {
      return plain.supportedFileAttributeViews();
    }

    @Override
    public Path getPath(String first, String... more) {
      return new DiskPath(plain.getPath(first, more));
    }

    @Override
    public PathMatcher getPathMatcher(String syntaxAndPattern) {
      return plain.getPathMatcher(syntaxAndPattern);
    }

    @Override
    public UserPrincipalLookupService getUserPrincipalLookupService() {
      return plain.getUserPrincipalLookupService();
    }

    @Override
    public WatchService newWatchService() {
      throw new UnsupportedOperationException();
    }
  }

  private final class Provider extends FileSystemProvider {
    private final FileSystemProvider plain;

    Provider(FileSystemProvider plain) {
      this.plain = plain;
    }

    @Override
    public String getScheme() {
      return "failing";
    }

    @Override
    public FileSystem newFileSystem(URI uri, Map<String, ?> env) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileSystem getFileSystem(URI uri) {
      return system;
    }

    @Override
    public Path getPath(URI uri) {
      return new DiskPath(plain.getPath(uri));
    }

    @Override
    public SeekableByteChannel newByteChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      return newFileChannel(path, options, attributes);
    }

    @Override
    public FileChannel newFileChannel(
        Path path, Set<? extends OpenOption> options, FileAttribute<?>... attributes)
        throws IOException {
      if (options.contains(StandardOpenOption.CREATE)
          || options.contains(StandardOpenOption.CREATE_NEW)) {
        count(Operation.CREATE, path);
      }
      FileChannel channel = plain.newFileChannel(plain(path), options, attributes);
      return options.contains(StandardOpenOption.WRITE)
              || options.contains(StandardOpenOption.APPEND)
              || Files.isDirectory(plain(path))
          ? new Channel(channel, path)
          : channel;
    }

    @Override
    public DirectoryStream<Path> newDirectoryStream(
        Path folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
      var entries = new ArrayList<Path>();
      try (var stream = plain.newDirectoryStream(plain(folder), _ -> true)) {
        stream.forEach(entry -> entries.add(new DiskPath(entry)));
      }
      return new DirectoryStream<>() {
        @Override
        public Iterator<Path> iterator() {
          return entries.iterator();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void createDirectory(Path folder, FileAttribute<?>... attributes) throws IOException {
      if (!plain.exists(plain(folder))) {
        count(Operation.MAKE_FOLDER, folder);
      }
      plain.createDirectory(plain(folder), attributes);
    }

    @Override
    public void delete(Path path) throws IOException {
      if (plain.exists(plain(path))) {
        count(Operation.DELETE, path);
      }
      plain.delete(plain(path));
    }

    @Override
    public void copy(Path source, Path target, CopyOption... options) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void move(Path source, Path target, CopyOption... options) throws IOException {
      count(Operation.MOVE, target);
      plain.move(plain(source), plain(target), options);
    }

    @Override
    public boolean isSameFile(Path path, Path other) throws IOException {
      return plain.isSameFile(plain(path), plain(other));
    }

    @Override
    public boolean isHidden(Path path) throws IOException {
      return plain.isHidden(plain(path));
    }

    @Override
    public FileStore getFileStore(Path path) throws IOException {
      return plain.getFileStore(plain(path));
    }

    @Override
    public void checkAccess(Path path, AccessMode... modes) throws IOException {
      plain.checkAccess(plain(path), modes);
    }

    @Override
    public <V extends FileAttributeView> @Nullable V getFileAttributeView(
        Path path, Class<V> type, LinkOption... options) {
      return plain.getFileAttributeView(plain(path), type, options);
    }

    @Override
    public <A extends BasicFileAttributes> A readAttributes(
        Path path, Class<A> type, LinkOption... options) throws IOException {
      return plain.readAttributes(plain(path), type, options);
    }

    @Override
    public Map<String, Object> readAttributes(Path path, String attributes, LinkOption... options)
        throws IOException {
      return plain.readAttributes(plain(path), attributes, options);
    }

    @Override
    public void setAttribute(Path path, String attribute, Object value, LinkOption... options) {
      throw new UnsupportedOperationException();
    }
  }

  /// A file that is written, or a folder that is forced to the disk.
  private final class Channel extends FileChannel {
    private final FileChannel plain;
    private final Path path;

    Channel(FileChannel plain, Path path) {
      this.plain = plain;
      this.path = path;
    }

    @Override
    public int write(ByteBuffer bytes) throws IOException {
      count(Operation.WRITE, path);
      return plain.write(bytes);
    }

    @Override
    public void force(boolean metaData) {
      // a test needs no safety against power cuts
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
      return plain.lock(position, size, shared);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
      return plain.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
      plain.close();
    }

    @Override
    public long position() throws IOException {
      return plain.position();
    }

    @Override
    public FileChannel position(long newPosition) throws IOException {
      plain.position(newPosition);
      return this;
    }

    @Override
    public long size() throws IOException {
      return plain.size();
    }

    @Override
    public int read(ByteBuffer bytes) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] bytes, int offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int read(ByteBuffer bytes, long position) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long write(ByteBuffer[] bytes, int offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int write(ByteBuffer bytes, long position) {
      throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel truncate(long size) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) {
      throw new UnsupportedOperationException();
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) {
      throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) {
      throw new UnsupportedOperationException();
    }
  }
}
